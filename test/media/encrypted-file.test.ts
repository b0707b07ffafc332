import { describe, expect, it } from "vitest";
import { parseEncryptedFile } from "../../src/media/index.ts";

const valid = {
  v: "v2",
  url: "mxc://example.org/abcDEF_-1",
  key: { kty: "oct", alg: "A256CTR", ext: true, k: "a".repeat(43), key_ops: ["decrypt", "encrypt"] },
  iv: "A".repeat(22),
  hashes: { sha256: "b".repeat(43) },
};

/** The valid file with one field replaced; a path of two names reaches into an object. */
function withField(path: string, value: unknown): unknown {
  const file: Record<string, unknown> = structuredClone(valid);
  const [outer, inner] = path.split(".") as [string, string | undefined];
  if (inner) file[outer] = { ...(file[outer] as object), [inner]: value };
  else file[outer] = value;
  return file;
}

describe("parseEncryptedFile", () => {
  it("takes what the spec asks for, in the spec's shape", () => {
    expect(parseEncryptedFile(valid)).toEqual({
      ...valid,
      key: { ...valid.key, key_ops: ["encrypt", "decrypt"] },
    });
  });

  it("takes padded base64 and further fields", () => {
    const file = { ...valid, iv: `${valid.iv}==`, mimetype: "audio/ogg" };
    expect(parseEncryptedFile(file)).not.toHaveProperty("mimetype");
  });

  it.each([
    ["v", "v1"],
    ["v", undefined],
    ["url", undefined],
    ["url", "https://example.org/media"],
    ["url", "mxc://example.org/../../admin"],
    ["url", "mxc://example.org/a?b"],
    ["url", "mxc://../a"],
    ["url", `mxc://example.org/${"a".repeat(256)}`],
    ["key", null],
    ["key.kty", "RSA"],
    ["key.alg", "A128CTR"],
    ["key.ext", false],
    ["key.key_ops", ["encrypt"]],
    ["key.key_ops", "decrypt"],
    ["key.k", "a".repeat(42)],
    ["key.k", "a".repeat(44)],
    ["key.k", `${"a".repeat(42)}+`], // of the other alphabet
    ["key.k", 32],
    ["iv", "A".repeat(21)],
    ["iv", `${"A".repeat(21)} `],
    ["iv", ["A"]],
    ["hashes", undefined],
    ["hashes.sha256", undefined],
    ["hashes.sha256", "b".repeat(22)],
  ])("refuses %s: %j, and names the field", (path, value) => {
    expect(() => parseEncryptedFile(withField(path, value))).toThrow(
      expect.objectContaining({ code: "ATTACHMENT_INVALID", message: expect.stringContaining(`"${path}"`) }),
    );
  });

  it.each([undefined, null, "file", 3, []])("refuses %j", (file) => {
    expect(() => parseEncryptedFile(file)).toThrow(expect.objectContaining({ code: "ATTACHMENT_INVALID" }));
  });

  it("keeps secrets out of its errors", () => {
    const secret = "c".repeat(40);
    expect(() => parseEncryptedFile(withField("key.k", secret))).not.toThrow(secret);
  });
});
