import fc from "fast-check";
import { expect, it } from "vitest";
import { counted, day, named, span } from "../../src/audit/say.ts";

it("counts", () => {
  expect([0, 1, 2, 1_234].map((count) => counted(count, "message"))).toEqual([
    "0 messages",
    "1 message",
    "2 messages",
    "1,234 messages",
  ]);
});

it("says a time in the unit that a person would take", () => {
  const said = [1_000, 60_000, 90_000, 3_600_000, 36 * 3_600_000, 86_400_000, 9.5 * 86_400_000].map(span);
  expect(said).toEqual(["1 second", "1 minute", "90 seconds", "1 hour", "36 hours", "1 day", "9 days"]);
});

it("cuts a long list, and says by how much", () => {
  expect(named([])).toBe("nobody");
  expect(named(["a"])).toBe("a");
  expect(named(["a", "b", "c"])).toBe("a, b and c");
  expect(named(["a", "b", "c", "d"], 2)).toBe("a, b and 2 more");
});

it("has a word for every number, times that are none among them", () => {
  expect(day(Date.parse("2026-11-01T23:59:59Z"))).toBe("2026-11-01");
  fc.assert(
    fc.property(fc.double(), (ms) => {
      expect(day(ms)).toMatch(/^(?:[+-]\d{6}-\d\d-\d\d|\d{4}-\d\d-\d\d|a day that is none|[+-]\d{6})/);
      expect(typeof span(ms)).toBe("string");
    }),
  );
});
