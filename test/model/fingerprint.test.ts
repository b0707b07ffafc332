import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { SottoError } from "../../src/errors.ts";
import { groupsOfFour, parseFingerprint } from "../../src/model/fingerprint.ts";

const KEY = "fnW9Ys8BV1lHKlDbDAlj7xW3dKLH9ByRGhZgAXW0wUg";

describe("a fingerprint", () => {
  it.each([
    ["as it is", KEY],
    ["in groups of four", "fnW9 Ys8B V1lH KlDb DAlj 7xW3 dKLH 9ByR GhZg AXW0 wUg"],
    ["over two lines, padded", "  fnW9Ys8BV1lHKlDbDAlj7xW3\n\tdKLH9ByRGhZgAXW0wUg= "],
  ])("is read %s", (_how, text) => {
    expect(parseFingerprint(text)).toBe(KEY);
  });

  it.each([
    ["empty", ""],
    ["too short", KEY.slice(1)],
    ["too long", `A${KEY}`],
    ["of another alphabet", KEY.replace("W", "-")],
    ["with bits left over, which two spellings of one key would have", `${KEY.slice(0, -1)}h`],
    ["a MAC address", "00:1b:63:84:45:e6"],
  ])("is refused when it is %s", (_how, text) => {
    expect(() => parseFingerprint(text)).toThrow(SottoError);
  });

  it("is read back from its groups, whatever the key", () => {
    for (let times = 0; times < 100; times++) {
      const key = randomBytes(32).toString("base64").replace("=", "");
      expect(parseFingerprint(key)).toBe(key);
      expect(parseFingerprint(groupsOfFour(key))).toBe(key);
      expect(groupsOfFour(key)).toMatch(/^(?:\S{4} ){10}\S{3}$/);
    }
  });
});
