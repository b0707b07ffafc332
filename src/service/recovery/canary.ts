import { setTimeout as delay } from "node:timers/promises";
import { encodeVoice } from "../../audio/index.ts";
import { SottoError } from "../../errors.ts";
import { createOwnRoom } from "../../matrix/index.ts";
import type { EventId, RoomId } from "../../model/ids.ts";
import type { Account } from "../account.ts";
import { audioOptions } from "../audio-options.ts";
import { sendVoice } from "../pipeline.ts";

/** A voice message whose only purpose is to be played by a drill. */
export interface Canary {
  roomId: RoomId;
  eventId: EventId;
}

const SAMPLE_RATE = 8_000;
/** Sync may know of a room a moment later than the homeserver's answer. */
const ROUNDS = 5;
const PAUSE_MS = 200;

/** Sends a short tone to a room with nobody but us in it, which is made the first time. */
export async function sendCanary(account: Account): Promise<Canary> {
  const roomId = await ownRoom(account);
  const { eventId } = await sendVoice(
    account,
    roomId,
    encodeVoice({ bytes: tone() }, audioOptions(account.config)),
  );
  return { roomId, eventId };
}

async function ownRoom(account: Account): Promise<RoomId> {
  const { store, sync, transport, rooms, config } = account;
  await sync.toLiveEnd();
  const known = store.recovery.drillRoom();
  if (known !== undefined && store.rooms.get(known)?.membership === "join") {
    // somebody else in it would get a tone at every drill
    if ((await rooms.members(known)).length === 1) return known;
  }
  const { maxPeriod: periodMs, maxMessages: messages } = config.rotation;
  const roomId = await createOwnRoom(transport, "Sotto recovery drill", { periodMs, messages });
  store.recovery.setDrillRoom(roomId);
  for (let round = 0; round < ROUNDS; round += 1) {
    await sync.toLiveEnd();
    if (store.rooms.get(roomId)?.encryption) return roomId;
    await delay(round * PAUSE_MS);
  }
  throw new SottoError("HOMESERVER_ERROR", "sync does not tell of the room that was made for the drill");
}

/** Half a second of 440 Hz as a WAV file: 16 bits, mono. */
function tone(): Uint8Array {
  const samples = SAMPLE_RATE / 2;
  const wav = Buffer.alloc(44 + 2 * samples);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write("WAVEfmt ", 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20); // PCM
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(SAMPLE_RATE, 24);
  wav.writeUInt32LE(SAMPLE_RATE * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write("data", 36);
  wav.writeUInt32LE(2 * samples, 40);
  for (let at = 0; at < samples; at += 1)
    wav.writeInt16LE(Math.round(8_000 * Math.sin((2 * Math.PI * 440 * at) / SAMPLE_RATE)), 44 + 2 * at);
  return wav;
}
