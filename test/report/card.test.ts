import { describe, expect, it } from "vitest";
import { type Card, cardSvg, cardsPage, codeTextOf } from "../../src/report/index.ts";

const KEY = "fnW9Ys8Bq0Jr7sM1kQz3VdXhC5tLpA2gU6oIwEyRbTk";
const code = { size: 2, modules: Uint8Array.of(1, 0, 0, 1) };
const card = (change: Partial<Card> = {}): Card => ({
  ...{ userId: "@alice:example.org", name: "Alice", masterKey: KEY, code, outOfBand: null },
  ...change,
});
const HOSTILE = "\u001b[2J\u202e</text></svg><script>alert(1)</script>]]>\"'&\u0000\ud800";
const HARM = ["<script", "\u001b", "\u202e", "\u0000", "\ud800", "</text></svg><"];

describe("a card", () => {
  it("has the key in groups of four, and the whole user ID", () => {
    const long = `@${"x".repeat(200)}:example.org`;
    const svg = cardSvg(card({ userId: long }));
    expect(svg).toContain("fnW9 Ys8B q0Jr 7sM1 kQz3 VdXh");
    expect(svg).toContain("C5tL pA2g U6oI wEyR bTk");
    const words = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text).join("");
    expect(words).toContain(long);
  });

  it("says where a long name was cut, in whatever letters", () => {
    const nameOf = (name: string) => cardSvg(card({ name })).match(/font-size="22"[^>]*>([^<]*)</)![1];
    expect(nameOf("Alice")).toBe("Alice");
    expect(nameOf("a".repeat(31))).toBe(`${"a".repeat(29)}…`);
    expect(nameOf("要".repeat(16))).toBe(`${"要".repeat(14)}…`);
  });

  it("has all that is said of the way to compare, in whatever letters", () => {
    for (const said of [
      "要人を口頭で確認する".repeat(30),
      "read it out ".repeat(40).trim(),
      "x".repeat(500),
    ]) {
      const rows = [...cardSvg(card({ outOfBand: said })).matchAll(/font-size="14"[^>]*>([^<]*)</g)];
      const lines = rows.map(([, line]) => line!);
      expect(lines.join("").replaceAll(" ", "")).toBe(said.replaceAll(" ", ""));
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(/[a-z]/.test(line) ? 80 : 40);
    }
  });

  it.each(["userId", "name", "outOfBand"] as const)(
    "is not harmed by a hostile %s, nor is the page",
    (member) => {
      const hostile = card({ [member]: HOSTILE });
      for (const harm of HARM) {
        expect(cardSvg(hostile)).not.toContain(harm);
        expect(cardsPage(HOSTILE, [hostile])).not.toContain(harm);
        expect(codeTextOf(hostile)).not.toContain(harm.startsWith("<") ? "\u0000" : harm);
      }
    },
  );

  it("lets no letters reach another line: each is cut off where its window ends", () => {
    const stacked = cardSvg(card({ name: `A${"\u0301".repeat(500)}`, outOfBand: "x ".repeat(300) }));
    const texts = stacked.match(/<text/g)!.length;
    expect(stacked.match(/overflow="hidden"><text/g)).toHaveLength(texts);
    expect(stacked).not.toContain("\u0301".repeat(50));
  });

  it("says which clients show this key", () => expect(cardSvg(card())).toContain("Element Android"));
});

describe("the page", () => {
  it("runs nothing and loads nothing", () => {
    const page = cardsPage("desk", [card(), card({ userId: "@bob:example.org" })]);
    expect(page).not.toMatch(
      /<(?:script|link|img|iframe|object|embed|form|base|a|use|image|foreignObject)\b/i,
    );
    expect(page).not.toMatch(/\s(?:on\w+|src|href|style)=/i);
    expect(page).toMatch(/default-src &#39;none&#39;; style-src &#39;sha256-/);
    expect(page.match(/<figure>/g)).toHaveLength(2);
  });
});
