import assert from "node:assert/strict";
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { encryptAttachment, encryptBytes } from "../../src/media/attachment.ts";
import { inRounds, ratio } from "./measure.ts";
import type { Figure } from "./table.ts";

/** Ten minutes of 48 kHz 16-bit mono. */
const BYTES = 57_600_000;
const STEP = 64 * 1024;

/** Attachment encryption, as a stream and of bytes in memory, against bare calls of the same OpenSSL. */
export async function attachments(rounds: number): Promise<Figure[]> {
  const bytes = randomBytes(BYTES);
  const megabytesPerSecond = (work: () => Promise<unknown>) => async (): Promise<number> => {
    const startMs = performance.now();
    await work();
    return BYTES / 1000 / (performance.now() - startMs);
  };
  const speeds = await inRounds(rounds + 1, {
    floor: megabytesPerSecond(() => bare(bytes)),
    stream: megabytesPerSecond(() => asStream(bytes)),
    memory: megabytesPerSecond(() => encryptBytes(bytes)),
  });
  const [floor, stream, memory] = [speeds.floor, speeds.stream, speeds.memory].map(
    (all) => all.slice(1), // the first is the compiler's
  ) as [number[], number[], number[]];
  const compare = (name: string, values: number[], atLeast?: number): Figure => {
    return { name, unit: "MB/s", values, floor, ratio: ratio(values, floor), atLeast };
  };
  return [
    compare("attachment encryption", stream, 0.8),
    compare("the same, all of it kept in memory", memory), // the floor forgets what it encrypted
  ];
}

async function bare(bytes: Buffer): Promise<void> {
  const cipher = createCipheriv("aes-256-ctr", randomBytes(32), randomBytes(16));
  const hash = createHash("sha256");
  for (const piece of steps(bytes)) hash.update(cipher.update(piece));
  hash.digest();
}

async function asStream(bytes: Buffer): Promise<void> {
  const encryption = encryptAttachment(steps(bytes));
  for await (const _ of encryption.ciphertext);
  assert(encryption.file);
}

function* steps(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += STEP) yield bytes.subarray(at, at + STEP);
}
