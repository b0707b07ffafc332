import { describe, expect, it } from "vitest";
import type { Shown } from "../../src/model/report.ts";
import { gradeOf } from "../../src/report/grade.ts";
import { finding } from "../support/report.ts";

const PASS = finding("SOTTO-ENC-001", "critical", "pass");
const grade = (...findings: Shown[]): string => gradeOf([PASS, PASS, PASS, PASS, ...findings]).grade;
const accepted = { accepted: { by: "baseline" as const } };

describe("a grade", () => {
  it.each<[string, string, Shown[]]>([
    ["A", "nothing is wrong", []],
    [
      "A",
      "a low finding, a warning, and what does not apply",
      [
        finding("SOTTO-META-001", "low"),
        finding("SOTTO-ACC-001", "high", "warn"),
        finding("SOTTO-ACC-001", "high", "not-applicable"),
      ],
    ],
    ["B", "something could not be read", [finding("SOTTO-ENC-001", "low", "not-checked")]],
    ["B", "a rule has failed", [finding("SOTTO-ENC-001", "low", "error")]],
    ["B", "a medium finding", [finding("SOTTO-DEV-001", "medium")]],
    [
      "B",
      "a critical one that somebody has signed for",
      [finding("SOTTO-ENC-001", "critical", "fail", accepted)],
    ],
    ["C", "a high finding", [finding("SOTTO-ACC-001", "high")]],
    ["C", "one rule that is high in many rooms", [1, 2, 3].map(() => finding("SOTTO-ACC-001", "high"))],
    [
      "D",
      "three rules that are high",
      [finding("SOTTO-ACC-001", "high"), finding("SOTTO-ACC-002", "high"), finding("SOTTO-ACC-003", "high")],
    ],
    [
      "D",
      "less could be checked than not",
      [1, 2, 3, 4, 5].map(() => finding("SOTTO-ENC-001", "low", "not-checked")),
    ],
    ["F", "a critical finding", [finding("SOTTO-ENC-001", "critical")]],
  ])("is %s where %s", (letter, _words, findings) => {
    expect(grade(...findings)).toBe(letter);
  });

  it("is never good where nothing was looked at", () => {
    expect(gradeOf([finding("SOTTO-ENC-001", "critical", "not-checked")]).grade).toBe("D");
  });

  it("says each reason, the worst first", () => {
    const { caps } = gradeOf([
      PASS,
      PASS,
      finding("SOTTO-DEV-001", "medium"),
      finding("SOTTO-ENC-001", "critical"),
      finding("SOTTO-ENC-001", "low", "not-checked"),
    ]);
    expect(caps.map(({ grade }) => grade)).toEqual(["F", "B", "B"]);
    expect(caps[0]!.reason).toMatch(/^1 critical finding/);
  });
});
