import { createDecipheriv, createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Attachment, EncryptedAttachment } from "../src/index.ts";

/** Ciphertext, hash and plaintext under a key of ones, as matrix-encrypt-attachment has them. */
const VECTOR = {
  ciphertext: "5xJZTt5cQicm+9f4",
  info: {
    v: "v2",
    key: {
      kty: "oct",
      key_ops: ["encrypt", "decrypt"],
      alg: "A256CTR",
      k: "__________________________________________8",
      ext: true,
    },
    iv: "//////////8AAAAAAAAAAA",
    hashes: { sha256: "YzF08lARDdOCzJpzuSwsjTNlQc4pHxpdHcXiD/wpK6k" },
  },
  plaintext: "Hello, World",
};

describe("Attachment", () => {
  test("decrypts what others have encrypted", () => {
    const attachment = new EncryptedAttachment(
      Buffer.from(VECTOR.ciphertext, "base64"),
      JSON.stringify(VECTOR.info),
    );
    expect(Buffer.from(Attachment.decrypt(attachment)).toString()).toBe(VECTOR.plaintext);
  });

  test("encrypts so that AES-256-CTR and SHA-256 open it", () => {
    const plaintext = Buffer.from("voice".repeat(1000));
    const { encryptedData, mediaEncryptionInfo } = Attachment.encrypt(plaintext);
    const info = JSON.parse(mediaEncryptionInfo as string);
    expect(info).toMatchObject({ v: "v2", key: { kty: "oct", alg: "A256CTR", ext: true } });
    expect(info.hashes.sha256).toBe(
      createHash("sha256").update(encryptedData).digest("base64").replaceAll("=", ""),
    );
    const iv = Buffer.from(info.iv, "base64");
    expect(iv.subarray(8)).toEqual(Buffer.alloc(8));
    const decipher = createDecipheriv("aes-256-ctr", Buffer.from(info.key.k, "base64url"), iv);
    expect(Buffer.concat([decipher.update(encryptedData), decipher.final()])).toEqual(plaintext);
  });

  test("uses a new key and IV each time", () => {
    const infos = [1, 2].map(() =>
      JSON.parse(Attachment.encrypt(new Uint8Array(8)).mediaEncryptionInfo as string),
    );
    expect(infos[0].key.k).not.toBe(infos[1].key.k);
    expect(infos[0].iv).not.toBe(infos[1].iv);
  });

  test("decrypts once", () => {
    const attachment = Attachment.encrypt(Buffer.from("hello"));
    expect(attachment.hasMediaEncryptionInfoBeenConsumed).toBe(false);
    expect(Buffer.from(Attachment.decrypt(attachment)).toString()).toBe("hello");
    expect(attachment.hasMediaEncryptionInfoBeenConsumed).toBe(true);
    expect(attachment.mediaEncryptionInfo).toBeNull();
    expect(() => Attachment.decrypt(attachment)).toThrow("absent");
  });

  test("refuses a changed byte", () => {
    const { encryptedData, mediaEncryptionInfo } = Attachment.encrypt(Buffer.from("hello"));
    encryptedData[0] = (encryptedData[0] as number) ^ 1;
    const changed = new EncryptedAttachment(encryptedData, mediaEncryptionInfo as string);
    expect(() => Attachment.decrypt(changed)).toThrow(Error);
  });

  test.each(["not JSON", "{}", JSON.stringify({ ...VECTOR.info, iv: "!" })])(
    "refuses the info %s",
    (info) => {
      expect(() => new EncryptedAttachment(new Uint8Array(8), info)).toThrow(Error);
    },
  );

  test("takes a whole EncryptedFile, url and all", () => {
    const { encryptedData, mediaEncryptionInfo } = Attachment.encrypt(Buffer.from("hello"));
    const file = { ...JSON.parse(mediaEncryptionInfo as string), url: "mxc://example.org/media" };
    const attachment = new EncryptedAttachment(encryptedData, JSON.stringify(file));
    expect(JSON.parse(attachment.mediaEncryptionInfo as string)).not.toHaveProperty("url");
    expect(Buffer.from(Attachment.decrypt(attachment)).toString()).toBe("hello");
  });
});
