import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { decryptBytes, encryptBytes } from "../../src/media/index.ts";
import type { EncryptedFile } from "../../src/model/event.ts";
import { pythonEnvironment } from "../../synapse-dev/python.ts";
import { openWorld } from "../support/world.ts";

// What Sotto encrypts, matrix-nio's own code opens, and the reverse; around the cipher's block and beyond.

const { folder } = await openWorld();
const script = join(import.meta.dirname, "../witness/attachment.py");
const sizes = [1, 16, 65_537, 1_000_003];
let python: string;

beforeAll(async () => {
  python = await pythonEnvironment("witness");
});

function nio(action: "encrypt" | "decrypt", source: string, target: string, input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const run = execFile(python, [script, action, source, target], (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
    run.stdin?.end(input);
  });
}

const at = (name: string): string => join(folder, name);

describe("an attachment of so many bytes", () => {
  it.each(sizes)("%i, encrypted here, is opened by nio", async (size) => {
    const clear = randomBytes(size);
    const { ciphertext, file } = await encryptBytes(clear);
    await writeFile(at("ours"), ciphertext);
    await nio("decrypt", at("ours"), at("clear"), JSON.stringify(file));
    expect((await readFile(at("clear"))).equals(clear)).toBe(true);
  });

  it.each(sizes)("%i, encrypted by nio, is opened here", async (size) => {
    const clear = randomBytes(size);
    await writeFile(at("clear"), clear);
    const keys = JSON.parse(await nio("encrypt", at("clear"), at("theirs"))) as Omit<EncryptedFile, "url">;
    const file = { ...keys, url: "mxc://example.org/theirs" };
    expect(decryptBytes(file, await readFile(at("theirs"))).equals(clear)).toBe(true);
  });
});

describe("an attachment of which one bit was changed on the way", () => {
  it("is opened neither here nor there", async () => {
    const { ciphertext, file } = await encryptBytes(randomBytes(1_000));
    ciphertext[500]! ^= 1;
    await writeFile(at("tampered"), ciphertext);
    await expect(nio("decrypt", at("tampered"), at("clear"), JSON.stringify(file))).rejects.toThrow();
    const open = () => decryptBytes({ ...file, url: "mxc://example.org/tampered" }, ciphertext);
    expect(open).toThrow(expect.objectContaining({ code: "ATTACHMENT_HASH_MISMATCH" }));
  });
});
