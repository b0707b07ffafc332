import { randomBytes, randomInt } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { encodeVoice } from "../../audio/index.ts";
import type { EventId, MxcUri, RoomId, UserId } from "../../model/ids.ts";
import type { VoiceFacts } from "../../model/recording.ts";
import type { Account } from "../account.ts";
import { audioOptions } from "../audio-options.ts";
import type { Fragment } from "./encodings.ts";

/** A recording of nothing, which is like no other, and what its message says of it. */
export interface Canary extends VoiceFacts {
  /** The whole Ogg stream. */
  bytes: Uint8Array;
  /** Without `.ogg`. */
  title: string;
  mimetype: string;
}

/** What to look for of a canary that was sent, and where it is. Plain data. */
export interface SentCanary {
  roomId: RoomId;
  eventId: EventId;
  mxcUri: MxcUri;
  sender: UserId;
  /** Milliseconds since the epoch, by our clock. */
  sentMs: number;
  title: string;
  mimetype: string;
  waveform: number[];
  /** The whole Ogg stream, in base64. */
  recording: string;
}

const SAMPLE_RATE = 48_000;
const WAV_HEADER_BYTES = 44;
/** Two pages that are the same in every clip of ours: 27 + 1 + 19 and 27 + 1 + 16 bytes. */
const OGG_HEADERS_BYTES = 91;

/** One to two seconds of soft noise, whose loudness changes at random, so that its waveform is its own. */
export async function makeCanary(account: Account): Promise<Canary> {
  const options = { ...audioOptions(account.config), care: {} };
  const encoding = encodeVoice({ bytes: noise() }, options);
  const bytes = await buffer(encoding.chunks);
  const title = `Sotto canary ${token()}`;
  return { ...(await encoding.facts), bytes, title, mimetype: `audio/ogg; canary=${token()}` };
}

function noise(): Uint8Array {
  const samples = randomInt(SAMPLE_RATE, 2 * SAMPLE_RATE);
  const wav = Buffer.alloc(WAV_HEADER_BYTES + 2 * samples);
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
  const random = randomBytes(2 * samples);
  const syllable = SAMPLE_RATE / 100;
  let loudness = 0;
  for (let at = 0; at < samples; at += 1) {
    if (at % syllable === 0) loudness = 0.01 + 0.2 * Math.random();
    wav.writeInt16LE(Math.round(random.readInt16LE(2 * at) * loudness), WAV_HEADER_BYTES + 2 * at);
  }
  return wav;
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
const token = (): string => Array.from({ length: 32 }, () => LETTERS[randomInt(LETTERS.length)]).join("");

/** What nobody but the room's members may know of it, each of which only this canary has. */
export function fragmentsOf({ title, mimetype, waveform, recording }: SentCanary): Fragment[] {
  const text = (what: string, words: string): Fragment => ({ what, bytes: Buffer.from(words) });
  return [
    { what: "the recording", bytes: Buffer.from(recording, "base64").subarray(OGG_HEADERS_BYTES) },
    text("the file's name", title.split(" ").at(-1)!),
    text("the MIME type", mimetype.split("=").at(-1)!),
    text("the waveform", waveform.join(",")),
    text("the waveform", waveform.join(", ")),
  ];
}
