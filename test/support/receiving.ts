import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { MissingRoomKey } from "../../src/crypto/index.ts";
import type { SottoError } from "../../src/errors.ts";
import { silentLogger } from "../../src/log.ts";
import { encryptBytes, voiceContent } from "../../src/media/index.ts";
import type { DecryptedEvent, RoomEvent, Unproven } from "../../src/model/event.ts";
import { Serial } from "../../src/serial.ts";
import type { Account } from "../../src/service/account.ts";
import { type Receiver, receiveWaiting } from "../../src/service/receive.ts";
import type { Withheld } from "../../src/service/withheld.ts";
import { event, openTestStore, ROOM } from "./store.ts";
import { temporaryDirectory } from "./temporary.ts";

interface Setup {
  /** Of an earlier process, which has ended. */
  store?: ReturnType<typeof openTestStore>;
  rooms?: Record<string, { acceptFrom: "signed" | "verified" | "all" }>;
}

/**
 * A process that receives. The engine and the repository are stubs that fail where a test says so; the inbox is real.
 */
export async function receiving({ store = openTestStore(), rooms = {} }: Setup = {}) {
  const { ciphertext, file } = await encryptBytes(readFileSync("samples/hello.ogg"));
  const decryptions: string[] = [];
  const downloads: string[] = [];
  const logged: unknown[][] = [];
  const note = (...said: unknown[]) => void logged.push(said);
  const wanted: string[] = [];
  let wakes = 0;
  const waiters = new Set<() => void>();
  const keyListeners: ((sessionIds: string[]) => void)[] = [];
  /** By session ID: what the engine says of the key that it lacks. */
  const missing = new Map<string, MissingRoomKey["missing"]>();
  const unproven = new Map<string, Unproven>();
  const failures = new Map<string, SottoError>();
  const backup = { isReadable: true };
  const withheldCounts: Account["withheldCounts"] = {};
  const account = {
    config: { data: temporaryDirectory(), trust: { acceptFrom: "signed" }, rooms },
    logger: { ...silentLogger, info: note, warn: note, error: note },
    store,
    receiving: new Serial(),
    withheldCounts,
    sync: {
      wake() {
        wakes += 1;
        for (const tell of waiters) tell();
      },
      nextBatch: (signal: AbortSignal) =>
        new Promise<void>((resolve) => {
          waiters.add(resolve);
          signal.addEventListener("abort", () => resolve());
          if (signal.aborted) resolve();
        }),
    },
    missingKeys: { want: (roomId: string, sessionId: string) => void wanted.push(`${roomId} ${sessionId}`) },
    crypto: {
      backup: { canRead: async () => backup.isReadable },
      onRoomKeys: (listener: (sessionIds: string[]) => void) => void keyListeners.push(listener),
      async decrypt(
        roomId: string,
        { event_id: eventId, sender, content, origin_server_ts: originServerTs }: RoomEvent,
      ): Promise<DecryptedEvent> {
        decryptions.push(eventId);
        const sessionId = String(content.session_id);
        const lack = missing.get(sessionId);
        if (lack) throw new MissingRoomKey("no key", lack);
        const why = unproven.get(sessionId);
        const url = `mxc://example.org/${eventId.slice(1)}`;
        return {
          ...{ roomId, eventId, sender, sessionId, senderDeviceId: "D", originServerTs },
          trust: why ? "unknown" : "signed",
          ...(why && { unproven: why }),
          type: "m.room.message",
          content: {
            ...voiceContent({ durationMs: 1, waveform: [], size: 1, file }),
            file: { ...file, url },
          },
        };
      },
    },
    contentRepository: {
      async download(mxcUri: string) {
        downloads.push(mxcUri);
        const failure = failures.get(mxcUri.replace(/.*\//, "$"));
        if (failure) throw failure;
        return Readable.from([ciphertext]);
      },
    },
  } as unknown as Account;
  const heard: string[] = [];
  const reports: Withheld[] = [];
  const receiver: Receiver = {
    onVoice: ({ eventId }) => void heard.push(eventId),
    onWithheld: (withheld) => void reports.push(withheld),
  };
  return {
    ...{ store, missing, unproven, failures, backup, decryptions, downloads, logged, heard, wanted },
    ...{ account, reports, receiver, withheldCounts },
    /** By event ID and kind, as they came. */
    told: () => reports.map(({ eventId, kind }) => `${eventId} ${kind}`),
    wakes: () => wakes,
    arrive: (eventId: string, session_id = "S", sentMs = Date.now()) =>
      store.inbox.add(
        ROOM,
        event(
          "m.room.encrypted",
          { session_id, ciphertext: "AwgA" },
          { event_id: eventId, origin_server_ts: sentMs },
        ),
        Date.now(),
      ),
    round: () => receiveWaiting(account, receiver),
    keysCome: (...sessionIds: string[]) => {
      for (const listener of keyListeners) listener(sessionIds);
    },
  };
}
