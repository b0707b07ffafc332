import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig, readSecret, readStoreKey } from "../../src/config/index.ts";
import { MINIMAL, writeConfig } from "../support/config.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** A config whose store key file holds these bytes; none where they are undefined. */
function withKey(bytes: Uint8Array | undefined) {
  const path = writeConfig(`${MINIMAL}storeKeyFile: ./store.key\n`);
  if (bytes) writeFileSync(join(dirname(path), "store.key"), bytes);
  return loadConfig(path);
}

describe("the store key", () => {
  it("is 32 bytes, as they lie in the file", () => {
    const key = randomBytes(32);
    expect(Buffer.from(readStoreKey(withKey(key)))).toEqual(key);
  });

  it.each([
    ["missing", undefined],
    ["empty", Buffer.alloc(0)],
    ["too short", randomBytes(31)],
    ["too long", randomBytes(33)],
    ["nothing but zeros", Buffer.alloc(32)],
    ["one byte again and again", Buffer.alloc(32, "a")],
  ])("that is %s stops everything: there is no default", (_what, bytes) => {
    const missing = expect.objectContaining({ code: "STORE_KEY_MISSING", exitCode: 2 });
    expect(() => readStoreKey(withKey(bytes))).toThrow(missing);
  });
});

describe("a secret's file", () => {
  it("is read without its line end", () => {
    const path = join(temporaryDirectory(), "password");
    writeFileSync(path, "correct horse\r\n");
    expect(readSecret(path)).toBe("correct horse");
  });

  it("that cannot be read, or holds nothing, is wrong usage and is named", () => {
    const folder = temporaryDirectory();
    const empty = join(folder, "empty");
    writeFileSync(empty, "\n");
    for (const path of [join(folder, "nowhere"), folder, empty]) {
      expect(() => readSecret(path)).toThrow(
        expect.objectContaining({
          code: "SECRET_UNREADABLE",
          exitCode: 2,
          message: expect.stringContaining(path),
        }),
      );
    }
  });
});
