import { describe, expect, it } from "vitest";
import { classifyMissingKey, explain } from "../../src/crypto/index.ts";

const at = { sentMs: 1_000, deviceSinceMs: 1_000, canReadBackup: true };
const missing = { withheldCode: undefined, startsLater: false };

describe("a missing room key", () => {
  it.each([
    ["no-key-yet", missing, at],
    ["no-key-yet", missing, { ...at, canReadBackup: false }],
    ["no-key-yet", missing, { ...at, sentMs: 1, deviceSinceMs: undefined }],
    ["before-this-device", missing, { ...at, sentMs: 999 }],
    ["backup-off", missing, { ...at, sentMs: 999, canReadBackup: false }],
    ["key-from-later", { ...missing, startsLater: true }, { ...at, sentMs: 999 }],
    ["withheld", { withheldCode: "m.unverified", startsLater: true }, { ...at, sentMs: 999 }],
  ] as const)("is %s: %o at %o", (kind, lack, circumstances) => {
    expect(classifyMissingKey(lack, circumstances)).toBe(kind);
  });
});

describe("the explanation of a withheld key", () => {
  it.each(["m.unverified", "m.blacklisted", "m.unauthorised", "m.unavailable", "m.no_olm"])(
    "says why in words, and names %s",
    (code) => {
      const { sentence, cure } = explain("withheld", code);
      expect(sentence).toContain(`(${code})`);
      expect(sentence).not.toContain("does not know");
      expect(cure).not.toBe("");
    },
  );

  it.each(["org.example.mood", "constructor"])("names a code that nobody knows: %s", (code) => {
    expect(explain("withheld", code).sentence).toMatch(new RegExp(`does not know \\(${code}\\)$`));
  });
});
