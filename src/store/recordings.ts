import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { SottoError } from "../errors.ts";
import type { RecordingStore } from "../model/outbox-store.ts";

const CHUNK_BYTES = 64 * 1024;
const TAG_BYTES = 16;
const ID_BYTES = 16;
const OWN_NAME = /^[0-9a-f]{32}$/;
/** One that is larger would fill the disk before anything else says no. */
const MAX_BYTES = 4 * 1024 ** 3;

export interface Recordings extends RecordingStore {
  /** Before anything is written: removes what a killed process had begun, or had used up. */
  sweep(isNeeded: (recordingId: string) => boolean): void;
}

/**
 * Recordings in files of their own, sealed in chunks of 64 KiB with AES-256-GCM, so that memory never holds more of one.
 * A file's key is made from the store key and the file's random ID (HKDF-SHA-256, RFC 5869). Each nonce holds the chunk's
 * number and whether it is the last: chunks that are moved, left out or cut off do not open (the STREAM construction of
 * Hoang, Reyhanitabar, Rogaway and Vizár).
 */
export function createRecordings(folder: string, storeKey: Uint8Array): Recordings {
  const pathOf = (recordingId: string): string => join(folder, recordingId);
  const keyOf = (recordingId: string): Uint8Array =>
    new Uint8Array(hkdfSync("sha256", storeKey, Buffer.from(recordingId, "hex"), "sotto recording", 32));

  return {
    async write(recording) {
      const recordingId = randomBytes(ID_BYTES).toString("hex");
      const path = pathOf(recordingId);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      try {
        await using file = await open(path, "wx", 0o600);
        const seal = sealing(keyOf(recordingId));
        for await (const { chunk, isLast } of chunksOf(recording)) await file.writeFile(seal(chunk, isLast));
        await file.sync();
        await using directory = await open(folder, "r");
        await directory.sync();
        return recordingId;
      } catch (thrown) {
        await rm(path, { force: true });
        throw thrown;
      }
    },

    read: (recordingId) =>
      Readable.from(opened(pathOf(recordingId), keyOf(recordingId)), { objectMode: false }),

    drop: (recordingId) => rm(pathOf(recordingId), { force: true }),

    sweep(isNeeded) {
      const names = existsSync(folder) ? readdirSync(folder) : [];
      // nothing else is ours: a file system of its own may have a folder there
      const own = names.filter((name) => OWN_NAME.test(name));
      for (const name of own) if (!isNeeded(name)) rmSync(pathOf(name), { force: true });
    },
  };
}

/** Whole chunks, and which is the last. */
async function* chunksOf(
  recording: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ chunk: Uint8Array; isLast: boolean }> {
  const held = Buffer.allocUnsafe(CHUNK_BYTES);
  let size = 0;
  let total = 0;
  for await (let bytes of recording) {
    total += bytes.length;
    if (total > MAX_BYTES)
      throw new SottoError("AUDIO_TOO_LARGE", `the recording has more than ${MAX_BYTES} bytes`);
    while (bytes.length > 0) {
      // a full one is given only when it is known that something follows
      if (size === CHUNK_BYTES) {
        yield { chunk: held, isLast: false };
        size = 0;
      }
      const taken = Math.min(bytes.length, CHUNK_BYTES - size);
      held.set(bytes.subarray(0, taken), size);
      size += taken;
      bytes = bytes.subarray(taken);
    }
  }
  if (total === 0) throw new SottoError("AUDIO_EMPTY", "the recording holds no data");
  yield { chunk: held.subarray(0, size), isLast: true };
}

const nonceOf = (number: number, isLast: boolean): Uint8Array => {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(number, 7);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
};

function sealing(key: Uint8Array): (chunk: Uint8Array, isLast: boolean) => Uint8Array {
  let number = 0;
  return (chunk, isLast) => {
    const cipher = createCipheriv("aes-256-gcm", key, nonceOf(number++, isLast));
    return Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]);
  };
}

async function* opened(path: string, key: Uint8Array): AsyncGenerator<Uint8Array> {
  await using file = await open(path, "r").catch((cause) => {
    throw cause.code === "ENOENT" ? damaged(cause) : unusable(cause);
  });
  const { size } = await file.stat();
  const sealedBytes = CHUNK_BYTES + TAG_BYTES;
  for (let number = 0, at = 0; at < size || number === 0; number += 1, at += sealedBytes) {
    const sealed = await readAt(file, at, Math.min(sealedBytes, size - at));
    yield unseal(key, nonceOf(number, at + sealedBytes >= size), sealed);
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let read = 0; read < length; ) {
    const { bytesRead } = await file.read(bytes, read, length - read, position + read).catch((cause) => {
      throw unusable(cause);
    });
    if (bytesRead === 0) throw damaged(`${read} bytes of ${length}`);
    read += bytesRead;
  }
  return bytes;
}

function unseal(key: Uint8Array, nonce: Uint8Array, sealed: Buffer): Uint8Array {
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw damaged(cause);
  }
}

const damaged = (cause: unknown): SottoError =>
  new SottoError("STORE_DAMAGED", "a recording that waits to be sent cannot be opened", {
    cause,
    cure: "drop it with `sotto queue drop`, and send the recording again",
  });

/** It may be well: the system would not let it be read. */
const unusable = (cause: unknown): SottoError =>
  new SottoError("STORE_UNUSABLE", "a recording that waits to be sent cannot be read now", { cause });
