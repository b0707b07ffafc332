import { Readable } from "node:stream";
import { SottoError } from "../../errors.ts";
import { leaveForGood } from "../../matrix/index.ts";
import type { EventId, MxcUri, RoomId } from "../../model/ids.ts";
import type { VoiceStream } from "../../model/recording.ts";
import type { Account } from "../account.ts";
import { findOpenRoom } from "../destination.ts";
import type { Call } from "../operations.ts";
import { prepareVoice } from "../prepare.ts";
import { type Canary, makeCanary, type SentCanary } from "./canary.ts";

/** Both are on the homeserver; the command looks for them now. */
export interface Canaries {
  encrypted: SentCanary;
  /** The one that must be found. */
  control: SentCanary;
}

export interface Cleaned {
  /** What could not be taken back of the control; empty where all was that Matrix can. */
  trouble: string[];
}

/**
 * Sends a canary into the room, and then a control in clear into a room of its own; lets the command look for both, and
 * takes the control back. What of the control lies on the homeserver came after all of the canary.
 */
export async function sendCanaries(account: Account, { args, emit }: Call): Promise<Cleaned> {
  const roomId = await findOpenRoom(account, args.room as string);
  const left = account.store.controlRoom.get();
  if (left !== undefined) await forget(account, left);
  const canary = await makeCanary(account);
  const encrypted = describe(account, canary, await sendEncrypted(account, roomId, canary));

  const room = await account.gate.controlRoom();
  account.store.controlRoom.set(room.roomId);
  let cleaned: Cleaned | undefined;
  try {
    const clip = await makeCanary(account);
    const sent = await room.send({ ...clip, name: `${clip.title}.ogg` });
    const control = describe(account, clip, { roomId: room.roomId, ...sent });
    await emit({ kind: "canaries", encrypted, control });
  } finally {
    cleaned = { trouble: await room.leave() };
    if (cleaned.trouble.length === 0) account.store.controlRoom.set("");
  }
  return cleaned;
}

/** What a killed process has left. */
async function forget(account: Account, roomId: RoomId): Promise<void> {
  // one that cannot be left was left already
  await leaveForGood(account.transport, roomId).catch((thrown) => {
    if (!(thrown instanceof SottoError && thrown.code === "HOMESERVER_ERROR")) throw thrown;
  });
  account.store.controlRoom.set("");
}

interface Sent {
  roomId: RoomId;
  eventId: EventId;
  mxcUri: MxcUri;
}

/** The corridor of every voice message; only what the message says its MIME type is differs, to be like no other. */
async function sendEncrypted(account: Account, roomId: RoomId, canary: Canary): Promise<Sent> {
  const { bytes, title, mimetype, ...facts } = canary;
  const recording: VoiceStream = {
    chunks: Readable.from([bytes]),
    facts: Promise.resolve(facts),
    foretold: Promise.resolve({ durationMs: facts.durationMs, size: bytes.length }),
  };
  const voice = prepareVoice(account, Promise.resolve(roomId), recording, { title });
  await using spooled = await account.outbox.spool(voice.ciphertext);
  const { content } = await voice.message(spooled.size);
  const message = { ...content, info: { ...content.info, mimetype } };
  const { eventId, mxcUri } = await account.outbox.send(
    await account.outbox.accept(roomId, message, spooled),
  );
  return { roomId, eventId, mxcUri: mxcUri! };
}

const describe = (
  account: Account,
  { bytes, title, mimetype, waveform }: Canary,
  sent: Sent,
): SentCanary => ({
  ...sent,
  sender: account.config.account.userId,
  sentMs: Date.now(),
  title,
  mimetype,
  waveform,
  recording: Buffer.from(bytes).toString("base64"),
});
