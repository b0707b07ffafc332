import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { AttachmentEncryptor } from "../../src/media/attachment.ts";
import { inRounds, ratio } from "./measure.ts";
import type { Figure } from "./table.ts";

/** Ten minutes of 48 kHz 16-bit mono. */
const BYTES = 57_600_000;
const STEP = 64 * 1024;

/** Attachment encryption as a stream against bare calls of the same OpenSSL in steps of the same size. */
export async function attachments(folder: string, rounds: number): Promise<Figure[]> {
  const file = path.join(folder, "attachment");
  await writeFile(file, randomBytes(BYTES));
  const megabytesPerSecond = async (work: () => Promise<void>): Promise<number> => {
    const startMs = performance.now();
    await work();
    return BYTES / 1000 / (performance.now() - startMs);
  };
  const speeds = await inRounds(rounds + 1, {
    floor: () => megabytesPerSecond(() => bare(file)),
    sotto: () => megabytesPerSecond(() => encrypt(file)),
  });
  const [values, floor] = [speeds.sotto.slice(1), speeds.floor.slice(1)]; // the first is the compiler's
  return [
    { name: "attachment encryption", unit: "MB/s", values, floor, ratio: ratio(values, floor), atLeast: 0.8 },
  ];
}

async function encrypt(file: string): Promise<void> {
  const encryptor = new AttachmentEncryptor();
  await pipeline(createReadStream(file, { highWaterMark: STEP }), encryptor, swallow);
}

async function bare(file: string): Promise<void> {
  const cipher = createCipheriv("aes-256-ctr", randomBytes(32), randomBytes(16));
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: STEP }), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) hash.update(cipher.update(chunk));
  });
  hash.digest();
}

async function swallow(chunks: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of chunks);
}
