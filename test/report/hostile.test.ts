import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FORMATS, type Format } from "../../src/report/index.ts";
import { hostileReport } from "../support/report.ts";

// What strangers have named must do no harm, in whatever format: not to a terminal, a browser, a parser or a reader.

/** Pieces that have done harm somewhere. */
const TRICKS = [
  "\u001b[2J\u001b[31m",
  "\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007",
  "\u009b31m",
  "\u202e\u2066\u200f",
  "\u0000\b\r\n\t",
  "\u2028\u2029",
  "\ud800",
  "\udfff",
  "\ufffe\uffff",
  "\u{e0041}",
  "<script>alert(1)</script>",
  "</style><!--",
  "\"'><img src=x onerror=alert(1)>",
  "&amp;&#x3c;",
  "]]>",
  "<![CDATA[",
  "--><?xml",
  "`",
  "```\n# heading",
  "``` ``",
  "| a | b |",
  "[link](javascript:alert(1))",
  "![x](https://evil.example/track.png)",
  "https://evil.example",
  "@everyone",
  "{0}{{1}}",
  "\\",
  "\\`",
  "$(id)",
  "%s%n",
  "__proto__",
  "שלום",
  "漢字🎉",
] as const;

const trick = fc.array(fc.oneof(fc.constantFrom(...TRICKS), fc.string({ unit: "binary" }), fc.string()), {
  minLength: 1,
  maxLength: 4,
});
const words = trick.map((pieces) => pieces.join(""));

const HARMLESS = hostileReport("plain");
/** On a terminal that is wide enough for all. */
const OPTIONS = { all: true, color: false, failOn: "high", columns: 1_000_000 } as const;
const render = (format: Format, text: string, color = false): string =>
  FORMATS[format](hostileReport(text), { ...OPTIONS, color });
const harmless = (format: Format): string => FORMATS[format](HARMLESS, OPTIONS);

const always = (check: (text: string) => unknown): void =>
  fc.assert(
    fc.property(words, (text) => {
      check(text);
    }),
    { numRuns: 200 },
  );

describe.each(Object.keys(FORMATS) as Format[])("as %s, strangers' words", (format) => {
  it("move no cursor, turn no direction and are whole characters", () => {
    always((text) => {
      const shown = render(format, text);
      expect(shown).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/u);
    });
  });

  it("make no line", () => {
    const lines = harmless(format).split("\n").length;
    always((text) => expect(render(format, text).split("\n")).toHaveLength(lines));
  });
});

it("colour nothing on a terminal: all that is coloured is ours", () => {
  const codes = (shown: string) => shown.match(/\p{Cc}\[[^m]*m/gu);
  const ours = codes(FORMATS.tty(HARMLESS, { ...OPTIONS, color: true }));
  always((text) => {
    const shown = render("tty", text, true);
    expect(codes(shown)).toEqual(ours);
    expect(shown.replace(/\p{Cc}\[\d+m/gu, "")).not.toMatch(/(?!\n)\p{Cc}/u);
  });
});

describe.each(["html", "junit"] as const)("as %s, strangers' words", (format) => {
  /** Every tag with its attributes' names, and comments and the like. */
  const markup = (shown: string) =>
    (shown.match(/<[^>]*>/g) ?? []).map((tag) => tag.replace(/="[^"]*"/g, "=").replace(/\s+/g, " "));

  it("are no markup, in an element or an attribute", () => {
    const ours = markup(harmless(format));
    always((text) => {
      const shown = render(format, text);
      expect(markup(shown)).toEqual(ours);
      // what begins an entity is one of ours
      const known = /^&(?:amp|lt|gt|quot|apos|#39);/;
      for (const { index } of shown.matchAll(/&/g)) expect(shown.slice(index)).toMatch(known);
    });
  });
});

describe.each(["json", "sarif"] as const)("as %s, strangers' words", (format) => {
  it("stay one document", () =>
    always((text) => expect(JSON.parse(render(format, text))).toBeTypeOf("object")));
});

it("come out of JSON and JSON Lines as they were", () => {
  always((text) => {
    const { findings } = JSON.parse(render("json", text)) as {
      findings: { message: string; cure?: string }[];
    };
    expect(findings.map(({ message }) => message)).toEqual(Array(findings.length).fill(text));
    const lines = render("jsonl", text).trimEnd().split("\n").slice(1);
    expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(
      Array(findings.length).fill(text),
    );
  });
});

it("are neither link nor placeholder in a SARIF message", () => {
  always((text) => {
    const { runs } = JSON.parse(render("sarif", text)) as {
      runs: { results: { message: { text: string } }[] }[];
    };
    for (const { message } of runs[0]!.results) {
      expect(message.text.replace(/\{\{|\}\}/g, "")).not.toMatch(/[{}]/);
      expect(message.text.replace(/\\[\\[\]]/g, "")).not.toMatch(/[\\[\]]/);
    }
  });
});

describe("as markdown, strangers' words", () => {
  /** https://spec.commonmark.org/0.31.2/#code-spans: a run of backticks up to the next one of the same length. */
  function outsideOfCode(line: string): string {
    let outside = "";
    let rest = line;
    for (;;) {
      const begin = /`+/.exec(rest);
      if (!begin) return outside + rest;
      const fence = begin[0];
      const behind = rest.slice(begin.index + fence.length);
      const end = [...behind.matchAll(/`+/g)].find(([run]) => run === fence);
      if (!end) return outside + rest;
      outside += `${rest.slice(0, begin.index)}CODE`;
      rest = behind.slice(end.index + fence.length);
    }
  }
  const outside = (shown: string): string => shown.split("\n").map(outsideOfCode).join("\n");

  it("stand in code spans, and never outside of them", () => {
    const ours = outside(harmless("markdown"));
    always((text) => expect(outside(render("markdown", text))).toBe(ours));
  });
});

it("are cut where they are long", () => {
  const long = "x".repeat(1_000_000);
  for (const format of ["tty", "html", "markdown", "junit"] as const)
    expect(render(format, long).length).toBeLessThan(100_000);
});
