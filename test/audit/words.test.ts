import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { looksLikeTrace, wordsIn } from "../../src/audit/words.ts";

describe("listed words", () => {
  it.each([
    ["The CLINIC on the hill", "clinic"],
    ["the clinics", "clinic"],
    ["cli\u200bnic", "clinic"],
    ["ＣＬＩＮＩＣ", "clinic"],
    ["Straße 7", "straße"],
    ["cafe\u0301", "café"],
  ])("are found in %j", (text, word) => {
    expect(wordsIn(text, [word, "elsewhere"])).toEqual([word]);
  });

  it("are found wherever they stand, in any case", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.stringMatching(/^[a-z]{1,12}$/), (left, right, word) => {
        // a mark that follows would make another letter of the last one
        expect(wordsIn(`${left} ${word.toUpperCase()} ${right}`, [word])).toEqual([word]);
      }),
    );
  });

  it("are not found where they are not; an empty one is none", () => {
    expect(wordsIn("a team", ["clinic", "", "\u200b"])).toEqual([]);
  });
});

describe("a trace", () => {
  it.each([
    ["Mozilla/5.0 (Windows NT 10.0)", "a user agent"],
    ["okhttp/4.9", "a user agent"],
    ["bot (192.168.1.7)", "an IP address"],
    ["10.0.0.1:8008", "an IP address"],
    ["[2001:db8::1]", "an IP address"],
  ])("is seen in %j", (text, trace) => {
    expect(looksLikeTrace(text)).toBe(trace);
  });

  it.each([
    "Element X Android",
    "app.element.io: Firefox on Linux",
    "Sotto 1.2.3",
    "phone",
    "",
    "::",
    "300.1.1.1",
  ])("is not seen in %j", (text) => {
    expect(looksLikeTrace(text)).toBeUndefined();
  });
});
