import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { Attachment, EncryptedAttachment, initAsync } from "@matrix-org/matrix-sdk-crypto-wasm";
import fc from "fast-check";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { decryptBytes, encryptAttachment, encryptBytes, spoolVerified } from "../../src/media/index.ts";
import type { EncryptedFile } from "../../src/model/event.ts";
import vectors from "../vectors/attachments.json" with { type: "json" };

const placed = (file: Omit<EncryptedFile, "url">): EncryptedFile => ({
  ...file,
  url: "mxc://example.org/media",
});
const chunkList = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 });

async function encryptChunks(chunks: Uint8Array[]): Promise<{ ciphertext: Buffer; file: EncryptedFile }> {
  const encryption = encryptAttachment(chunks);
  const ciphertext = Buffer.concat(await Array.fromAsync(encryption.ciphertext));
  return { ciphertext, file: placed(encryption.file) };
}

describe("encryption", () => {
  it("gives back what went in, however it was cut", async () => {
    await fc.assert(
      fc.asyncProperty(chunkList, async (chunks) => {
        const { ciphertext, file } = await encryptChunks(chunks);
        expect(decryptBytes(file, ciphertext)).toEqual(Buffer.concat(chunks));
      }),
    );
  });

  it("writes the fields as the spec has them", async () => {
    const { file } = await encryptBytes(Buffer.from("voice"));
    expect(file).toEqual({
      v: "v2",
      key: {
        kty: "oct",
        alg: "A256CTR",
        ext: true,
        k: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
        key_ops: ["encrypt", "decrypt"],
      },
      iv: expect.stringMatching(/^[A-Za-z0-9+/]{22}$/),
      hashes: { sha256: expect.stringMatching(/^[A-Za-z0-9+/]{43}$/) },
    });
  });

  it("starts the counter at zero", async () => {
    const { file } = await encryptBytes(Buffer.alloc(1));
    expect(Buffer.from(file.iv, "base64").subarray(8)).toEqual(Buffer.alloc(8));
  });

  it("never uses a key or an IV twice", async () => {
    const files = await Promise.all(Array.from({ length: 200 }, () => encryptBytes(Buffer.alloc(16))));
    expect(new Set(files.map(({ file }) => file.key.k)).size).toBe(200);
    expect(new Set(files.map(({ file }) => file.iv)).size).toBe(200);
  });

  it("tells the hash only at the end", async () => {
    const encryption = encryptAttachment([Buffer.alloc(10)]);
    await encryption.ciphertext.next();
    expect(() => encryption.file).toThrow("not encrypted to its end");
  });

  it("asks for no more than it is asked for, and serves once", async () => {
    const asked: number[] = [];
    const plaintext = Readable.from(
      (function* () {
        for (let piece = 0; piece < 100; piece++) {
          asked.push(piece);
          yield Buffer.alloc(10);
        }
      })(),
      { highWaterMark: 1 },
    );
    const { ciphertext } = encryptAttachment(plaintext);
    for await (const _ of ciphertext) break;
    expect(asked.length).toBeLessThan(10);
    expect(plaintext.destroyed).toBe(true);
    expect(await Array.fromAsync(ciphertext)).toEqual([]);
  });
});

describe("other implementations", () => {
  beforeAll(() => initAsync());

  it.each(vectors)("decrypts what matrix-nio encrypted (%#)", ({ plaintext, ciphertext, file }) => {
    const encrypted = file as EncryptedFile;
    expect(decryptBytes(encrypted, Buffer.from(ciphertext, "base64")).toString("base64")).toBe(plaintext);
  });

  it("decrypts what the Matrix Rust SDK encrypted", () => {
    const plaintext = Buffer.from("a voice message from Element X");
    const attachment = Attachment.encrypt(plaintext);
    const file = placed(JSON.parse(attachment.mediaEncryptionInfo!));
    expect(decryptBytes(file, attachment.encryptedData)).toEqual(plaintext);
  });

  it("writes what the Matrix Rust SDK decrypts", async () => {
    const plaintext = Buffer.from("a voice message for Element X");
    const { ciphertext, file } = await encryptBytes(plaintext);
    const attachment = new EncryptedAttachment(ciphertext, JSON.stringify(file));
    expect(Buffer.from(Attachment.decrypt(attachment))).toEqual(plaintext);
  });
});

describe("tampering", () => {
  it("is noticed in any bit of the ciphertext", async () => {
    const { ciphertext, file } = await encryptChunks([Buffer.alloc(64, 7)]);
    fc.assert(
      fc.property(fc.nat(ciphertext.length * 8 - 1), (bit) => {
        const changed = Buffer.from(ciphertext);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        expect(() => decryptBytes(file, changed)).toThrow(
          expect.objectContaining({ code: "ATTACHMENT_HASH_MISMATCH" }),
        );
      }),
    );
  });

  it.each([
    ["cut", (bytes: Buffer) => bytes.subarray(1)],
    ["made longer", (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(1)])],
    ["emptied", () => Buffer.alloc(0)],
  ])("is noticed when the ciphertext is %s", async (_, change) => {
    const { ciphertext, file } = await encryptChunks([Buffer.alloc(64, 7)]);
    expect(() => decryptBytes(file, change(ciphertext))).toThrow(
      expect.objectContaining({ code: "ATTACHMENT_HASH_MISMATCH" }),
    );
  });

  it("is noticed in the hash", async () => {
    const { ciphertext, file } = await encryptChunks([Buffer.alloc(64, 7)]);
    const changed = { ...file, hashes: { sha256: Buffer.alloc(32).toString("base64") } };
    expect(() => decryptBytes(changed, ciphertext)).toThrow(
      expect.objectContaining({ code: "ATTACHMENT_HASH_MISMATCH" }),
    );
  });
});

it("decrypts nothing by the rules of another version", async () => {
  const { ciphertext, file } = await encryptChunks([Buffer.alloc(8)]);
  expect(() => decryptBytes({ ...file, v: "v3" as "v2" }, ciphertext)).toThrow(
    expect.objectContaining({ code: "ATTACHMENT_INVALID" }),
  );
});

describe("decrypting through a spool", () => {
  let folder: string;
  let spoolPath: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sotto-spool-"));
    spoolPath = join(folder, "attachment");
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("gives the plaintext and leaves nothing behind", async () => {
    const plaintext = Buffer.alloc(300_000, "voice");
    const { ciphertext, file } = await encryptChunks([plaintext]);
    const attachment = await spoolVerified(file, Readable.from([ciphertext]), spoolPath);
    expect(await readdir(folder)).toEqual([]);
    expect(attachment.size).toBe(300_000);
    for await (const _beginning of attachment.stream()) break; // as whoever looks at the first bytes does
    for (const _again of [1, 2]) {
      expect(Buffer.concat(await attachment.stream().toArray())).toEqual(plaintext);
    }
    await attachment[Symbol.asyncDispose]();
    expect(() => attachment.stream()).toThrow(expect.objectContaining({ code: "USAGE" }));
  });

  it("gives not a byte of a changed attachment", async () => {
    const { ciphertext, file } = await encryptChunks([Buffer.alloc(300_000, "voice")]);
    ciphertext[299_999]! ^= 1;
    await expect(spoolVerified(file, Readable.from([ciphertext]), spoolPath)).rejects.toMatchObject({
      code: "ATTACHMENT_HASH_MISMATCH",
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it("leaves nothing behind when the download breaks off", async () => {
    const { ciphertext, file } = await encryptChunks([Buffer.alloc(1000)]);
    const broken = Readable.from(
      (async function* () {
        yield ciphertext.subarray(0, 500);
        throw new Error("connection lost");
      })(),
    );
    await expect(spoolVerified(file, broken, spoolPath)).rejects.toThrow("connection lost");
    expect(await readdir(folder)).toEqual([]);
  });
});
