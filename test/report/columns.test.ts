import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cut, widthOf, wrapped } from "../../src/report/columns.ts";
import { FORMATS } from "../../src/report/index.ts";
import { finding, hostileReport, reportOf } from "../support/report.ts";

const HOSTILE = ["\u202eevil", "漢字".repeat(40), "🎉".repeat(60), "\u001b[2J", "שלום", "e\u0301".repeat(50)];

describe("the width of a text", () => {
  it.each([
    ["Team", 4],
    ["漢字", 4],
    ["한국어", 6],
    ["ｆｕｌｌ", 8],
    ["🎉", 2],
    ["❤\ufe0f", 2],
    ["e\u0301", 1],
    ["שלום", 4],
    ["\u001b[31mred\u001b[0m", 3],
  ])("of %j is %i", (text, width) => expect(widthOf(text)).toBe(width));

  it("holds for a name that is cut, which stays whole characters", () => {
    expect(cut("short", 30)).toBe("short");
    expect(cut("漢字漢字", 6)).toBe("漢字…");
    for (const name of HOSTILE) expect(widthOf(cut(name, 30))).toBeLessThanOrEqual(30);
  });
});

describe("a line that is too long", () => {
  it("is broken at spaces, a little to the right, or anywhere where there are none", () => {
    expect(wrapped("  one two three", 10)).toEqual(["  one two", "    three"]);
    expect(wrapped("abcdefghijkl", 8)).toEqual(["abcdefgh", "  ijkl"]);
    expect(wrapped("fits", 4)).toEqual(["fits"]);
  });

  it("is not broken at a space that the next line's indent would outweigh", () => {
    expect(wrapped("\u001b[31m abcdefghi", 8)).toEqual(["\u001b[31m abcdefg", "  hi"]);
  });

  it("loses nothing but spaces, and no line is wider than told, whatever stands in it", () => {
    const words = fc.array(
      fc.oneof(fc.constantFrom(...HOSTILE, " ", "  ", "\u001b[31m"), fc.string({ unit: "grapheme" })),
    );
    fc.assert(
      fc.property(words, fc.integer({ min: 40, max: 100 }), (parts, columns) => {
        const line = parts.join("").replace(/\p{Cc}(?!\[31m)/gu, "");
        const lines = wrapped(line, columns);
        for (const one of lines) expect(widthOf(one)).toBeLessThanOrEqual(columns);
        expect(lines.join("").replaceAll(/\s/g, "")).toBe(line.replaceAll(/\s/g, ""));
      }),
    );
  });
});

describe("the screen", () => {
  const screen = (words: string, columns?: number): string =>
    FORMATS.tty(hostileReport(words), {
      all: true,
      color: true,
      failOn: "high",
      ...(columns && { columns }),
    });

  it("is no wider than the terminal, or than 80 columns, whatever strangers have named", () => {
    for (const words of [...HOSTILE, HOSTILE.join(" "), "x".repeat(5_000)])
      for (const columns of [undefined, 57, 120])
        for (const line of screen(words, columns).split("\n"))
          expect(widthOf(stripVTControlCharacters(line))).toBeLessThanOrEqual(columns ?? 80);
  });

  it("says what rooms call themselves beside their IDs, harmlessly and cut", () => {
    const report = reportOf([finding("SOTTO-ENC-001", "critical", "fail", { subject: { roomId: "!a" } })]);
    const shown = (name: string) => {
      const named = { ...report, roomNames: [["!a", name] as [string, string]] };
      return FORMATS.tty(named, { all: false, color: false, failOn: "high", columns: 200 });
    };
    expect(shown("Night shift")).toMatch(/1\. SOTTO-ENC-001 {2}!a "Night shift"\n/);
    expect(shown("Night shift")).toMatch(/ {4}!a "Night shift": finding/);
    expect(shown("\u202e\u001b[2J")).toContain('!a "\\u202e\\u001b[2J"');
    expect(shown("漢".repeat(100))).toContain(`!a "${"漢".repeat(14)}…"`);
  });
});
