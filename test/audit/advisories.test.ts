import { expect, it } from "vitest";
import { ADVISORIES, advisoriesOf, KNOWN_UNTIL } from "../../src/audit/advisories.ts";

const idsOf = (version: string): string[] | undefined => advisoriesOf(version)?.map(({ ids }) => ids[0]!);

it("knows a version by its numbers, and a candidate as older than what it becomes", () => {
  expect(idsOf("1.157.2")).toEqual([]);
  expect(idsOf("1.163.2 (b=main,abcdef)")).toEqual([]);
  expect(idsOf("1.157.10")).toEqual([]);
  expect(idsOf("2.0")).toEqual([]);
  expect(idsOf("1.157.2rc1")).toHaveLength(11);
  expect(idsOf("1.157.1")).toEqual(idsOf("1.157.2rc1"));
  expect(idsOf("v1.152.0")).toHaveLength(13);
});

it("knows a fix of an older line", () => {
  const invalidKeys = "GHSA-fh66-fcv5-jjfr";
  expect(idsOf("1.138.2")).toContain(invalidKeys);
  expect(idsOf("1.138.3")).not.toContain(invalidKeys);
  expect(idsOf("1.139.0")).toContain(invalidKeys);
  expect(idsOf("1.139.1")).not.toContain(invalidKeys);
});

it("says nothing of what is no version", () => {
  for (const text of ["", "develop", "1", "one.two"]) expect(advisoriesOf(text)).toBeUndefined();
});

it("is in order: the newest first, each with its advisory, the day in its place", () => {
  const numbers = ADVISORIES.map(({ fixed }) => fixed.split(".").map(Number));
  expect(numbers).toEqual(numbers.toSorted((one, other) => other[1]! - one[1]! || other[2]! - one[2]!));
  for (const { ids } of ADVISORIES) expect(ids[0]).toMatch(/^GHSA(?:-[0-9a-z]{4}){3}$/);
  expect(KNOWN_UNTIL).toMatch(/^20\d\d-\d\d-\d\d$/);
});
