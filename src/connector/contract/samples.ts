import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import type { OutgoingVoice } from "../../model/connector.ts";

const HEADER_BYTES = 44;
const SAMPLE_RATE = 8_000;

/** A WAV file of noise that no other call gives: mono, 8 kHz, 16 bits. */
export function recordingOf(samples = 1_000): Uint8Array {
  const noise = randomBytes(samples * 2);
  const header = Buffer.alloc(HEADER_BYTES);
  header.write("RIFF", 0, "latin1");
  header.writeUInt32LE(HEADER_BYTES - 8 + noise.length, 4);
  header.write("WAVEfmt ", 8, "latin1");
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(SAMPLE_RATE, 24);
  header.writeUInt32LE(SAMPLE_RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36, "latin1");
  header.writeUInt32LE(noise.length, 40);
  return Buffer.concat([header, noise]);
}

/** A voice message with these bytes; how its recording comes can be said. */
export function voiceOf(
  bytes: Uint8Array,
  stream: () => Readable = () => Readable.from(chunksOf(bytes)),
): OutgoingVoice {
  return {
    eventId: `$${randomBytes(32).toString("base64url")}`,
    roomId: "!ops:example.org",
    sender: "@alice:example.org",
    senderDeviceId: "ALICESPHONE",
    trust: "signed",
    sentMs: Date.UTC(2026, 0, 31, 12, 30, 15, 250),
    durationMs: 1_250,
    waveform: [0, 512, 1024],
    mimetype: "audio/wav",
    extension: "wav",
    size: bytes.length,
    stream,
  };
}

/** A recording that breaks off in the middle. */
export const broken = (bytes: Uint8Array): Readable =>
  Readable.from(
    (async function* () {
      yield bytes.subarray(0, bytes.length / 2);
      throw new Error("the attachment is damaged");
    })(),
  );

/** A recording whose second half never comes; says when it is waited for. */
export const stalled = (bytes: Uint8Array, whenWaiting: () => void): Readable => {
  const halves = [bytes.subarray(0, bytes.length / 2)];
  return new Readable({
    read() {
      const half = halves.pop();
      if (half) this.push(half);
      else whenWaiting();
    },
  });
};

function* chunksOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 4_096) yield bytes.subarray(at, at + 4_096);
}
