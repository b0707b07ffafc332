import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SecretStorageKey } from "@matrix-org/matrix-sdk-crypto-nodejs";
import { describe, expect, it } from "vitest";
import { isRecoveryKey, recoveryKeyFiles } from "../../src/service/recovery-key-files.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const newKey = (): string => SecretStorageKey.createRandomKey().toBase58();

describe("a recovery key", () => {
  it("is known as the engine writes it, with blanks or without", () => {
    for (let time = 0; time < 50; time += 1) {
      const key = newKey();
      expect([key, isRecoveryKey(key)]).toEqual([key, true]);
      expect(isRecoveryKey(`  ${key.replaceAll(" ", "")}\r`)).toBe(true);
    }
  });

  it("is not seen in anything else", () => {
    const key = newKey();
    const last = key.at(-1) === "1" ? "2" : "1";
    for (const text of ["", "a".repeat(48), key.slice(0, -1), `${key.slice(0, -1)}${last}`, `key: ${key}`])
      expect([text, isRecoveryKey(text)]).toEqual([text, false]);
  });
});

describe("files that hold one", () => {
  it("are found by what is in them, whatever they are called", () => {
    const [folder, other] = [temporaryDirectory(), temporaryDirectory()];
    writeFileSync(join(folder, "notes.txt"), `my key, keep it safe:\n\n${newKey()}\n`);
    writeFileSync(join(folder, "recovery-key.txt"), "it is in the safe\n");
    writeFileSync(join(folder, "sotto.yaml"), "data: ./data\n");
    mkdirSync(join(folder, "data"));
    symlinkSync("nowhere", join(folder, "link"));
    writeFileSync(join(other, "store.key"), Buffer.alloc(32, 200));
    writeFileSync(join(other, "k"), newKey());
    expect(recoveryKeyFiles([folder, other, other])).toEqual([join(folder, "notes.txt"), join(other, "k")]);
  });
});
