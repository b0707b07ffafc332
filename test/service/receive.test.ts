import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { MissingRoomKey } from "../../src/crypto/index.ts";
import { SottoError } from "../../src/errors.ts";
import { silentLogger } from "../../src/log.ts";
import { encryptBytes, voiceContent } from "../../src/media/index.ts";
import type { DecryptedEvent, RoomEvent } from "../../src/model/event.ts";
import { Serial } from "../../src/serial.ts";
import type { Account } from "../../src/service/account.ts";
import { type Receiver, receiveWaiting } from "../../src/service/receive.ts";
import { event, openTestStore, ROOM } from "../support/store.ts";

// The engine and the repository are stubs that fail where a test says so; the inbox is a real one.

type Failure = SottoError | undefined;

async function setUp() {
  const store = openTestStore();
  const { ciphertext, file } = await encryptBytes(readFileSync("samples/hello.ogg"));
  const decryptions: string[] = [];
  const downloads: string[] = [];
  const logged: unknown[][] = [];
  const wanted: string[] = [];
  const keyListeners: ((sessionIds: string[]) => void)[] = [];
  const missing = new Map<string, string | undefined>();
  const failures = new Map<string, Failure>();
  const account = {
    config: { trust: { acceptFrom: "signed" }, rooms: {} },
    logger: { ...silentLogger, warn: (...said: unknown[]) => void logged.push(said) },
    store,
    receiving: new Serial(),
    missingKeys: { want: (roomId: string, sessionId: string) => void wanted.push(`${roomId} ${sessionId}`) },
    crypto: {
      onRoomKeys: (listener: (sessionIds: string[]) => void) => void keyListeners.push(listener),
      async decrypt(
        roomId: string,
        { event_id: eventId, sender, content }: RoomEvent,
      ): Promise<DecryptedEvent> {
        decryptions.push(eventId);
        const sessionId = String(content.session_id);
        if (missing.has(sessionId)) throw new MissingRoomKey("no key", missing.get(sessionId), undefined);
        const url = `mxc://example.org/${eventId.slice(1)}`;
        return {
          ...{ roomId, eventId, sender, sessionId, senderDeviceId: "D", originServerTs: 1, trust: "signed" },
          type: "m.room.message",
          content: { ...voiceContent({ durationMs: 1, waveform: [], size: 1, file: { ...file, url } }) },
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
  const withheld: string[] = [];
  const receiver: Receiver = {
    onVoice: ({ eventId }) => void heard.push(eventId),
    onWithheld: ({ eventId, error }) => void withheld.push(`${eventId} ${error.code}`),
  };
  const arrive = (eventId: string, session_id = "S") =>
    store.inbox.add(
      ROOM,
      event("m.room.encrypted", { session_id, ciphertext: "AwgA" }, { event_id: eventId }),
      1,
    );
  return {
    ...{ store, arrive, missing, failures, decryptions, downloads, logged, heard, withheld, wanted },
    round: () => receiveWaiting(account, receiver),
    keysCome: (...sessionIds: string[]) => {
      for (const listener of keyListeners) listener(sessionIds);
    },
  };
}

const stalled = new SottoError("HOMESERVER_UNREACHABLE", "nothing came");

describe("a recording that does not come", () => {
  it("stops no message behind it, and is not asked for again at once", async () => {
    const { arrive, failures, round, heard, downloads } = await setUp();
    for (const eventId of ["$1", "$2", "$3"]) arrive(eventId);
    failures.set("$1", stalled);
    expect(await round()).toBe(2);
    expect(heard).toEqual(["$2", "$3"]);
    expect(await round()).toBe(0);
    expect(downloads).toHaveLength(3);
  });

  it("ends the round when it is one of several in a row; the next round begins behind them", async () => {
    const { arrive, failures, round, heard, downloads } = await setUp();
    for (const eventId of ["$1", "$2", "$3", "$4", "$5"]) arrive(eventId);
    for (const eventId of ["$1", "$2", "$3"]) failures.set(eventId, stalled);
    expect(await round()).toBe(0);
    expect(downloads).toHaveLength(3);
    expect(await round()).toBe(2);
    expect(heard).toEqual(["$4", "$5"]);
  });

  it.each(["TOKEN_REJECTED", "DISK_FULL"] as const)("ends the round at once with %s", async (code) => {
    const { arrive, failures, round, downloads } = await setUp();
    for (const eventId of ["$1", "$2"]) arrive(eventId);
    failures.set("$1", new SottoError(code, "for all the same"));
    await expect(round()).rejects.toMatchObject({ code });
    expect(downloads).toHaveLength(1);
  });
});

describe("a message without its room key", () => {
  it("is tried once and reported once, until the key of its session comes", async () => {
    const { arrive, missing, round, decryptions, logged, heard, keysCome, wanted } = await setUp();
    missing.set("A", undefined).set("B", undefined);
    arrive("$1", "A");
    arrive("$2", "B");
    for (let time = 0; time < 3; time += 1) expect(await round()).toBe(0);
    expect(decryptions).toEqual(["$1", "$2"]);
    // and looked for in the key backup
    expect(wanted).toEqual([`${ROOM} A`, `${ROOM} B`]);
    expect(logged).toEqual([
      [expect.stringContaining("room key"), expect.objectContaining({ eventId: "$1" })],
      [expect.stringContaining("room key"), expect.objectContaining({ eventId: "$2" })],
    ]);
    missing.clear();
    keysCome("A", "C");
    expect(await round()).toBe(1);
    expect(heard).toEqual(["$1"]);
    expect(decryptions).toEqual(["$1", "$2", "$1"]);
  });

  it("whose sender withheld it is told with the spec's code", async () => {
    const { arrive, missing, round, logged, withheld } = await setUp();
    missing.set("A", "m.unverified");
    arrive("$1", "A");
    await round();
    expect(logged).toEqual([[expect.any(String), expect.objectContaining({ withheldCode: "m.unverified" })]]);
    expect(withheld).toEqual(["$1 DECRYPT_FAILED"]);
  });
});
