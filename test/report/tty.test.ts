import { describe, expect, it } from "vitest";
import type { Shown } from "../../src/model/report.ts";
import { FORMATS } from "../../src/report/index.ts";
import { finding, reportOf } from "../support/report.ts";

const screen = (findings: Shown[], all = false): string =>
  FORMATS.tty(reportOf(findings), { all, color: false, failOn: "high" });
const many = (count: number, make: (at: number) => Shown): Shown[] =>
  Array.from({ length: count }, (_, at) => make(at));

describe("the screen", () => {
  it("says the grade and what it comes from", () => {
    const text = screen([
      finding("SOTTO-ENC-001", "critical"),
      finding("SOTTO-DEV-001", "medium", "not-checked"),
    ]);
    expect(text).toMatch(/Grade F {3}1 critical finding/);
    expect(text).toMatch(/without that D: more could not be checked than could|without that B: 1 check/);
    expect(text).toMatch(/1 fail {3}1 not checked {3}0 pass/);
  });

  it("begins with three cures, the most urgent first, one for each rule, whole", () => {
    const long = `send ${"x".repeat(400)}`;
    const text = screen([
      finding("SOTTO-META-001", "low", "fail", { cure: "fourth" }),
      finding("SOTTO-DEV-001", "medium", "fail", { cure: "third" }),
      ...many(2, () => finding("SOTTO-ACC-001", "high", "fail", { cure: "second" })),
      finding("SOTTO-ENC-001", "critical", "fail", { cure: long }),
    ]);
    const first = text.slice(text.indexOf("First"), text.indexOf("Findings"));
    const cures = first.split("\n").filter((line) => /^ {5}/.test(line));
    expect(cures.join("").replaceAll(" ", "")).toBe(`${long}secondthird`.replaceAll(" ", ""));
    expect(first).toMatch(/2\. SOTTO-ACC-001 {2}!room\d+ and 1 more/);
  });

  it("names waivers that cover nothing, harmlessly", () => {
    const report = reportOf([finding("SOTTO-ENC-001", "critical")]);
    report.summary.idleWaivers = [{ where: "w.yaml:3", covers: "SOTTO-ACC-003", why: "\u001b[2J had it" }];
    const text = FORMATS.tty(report, { all: false, color: false, failOn: "high" });
    expect(text).toContain("w.yaml:3  SOTTO-ACC-003: \\u001b[2J had it");
  });

  it("offers no cure of what somebody has accepted", () => {
    const text = screen([finding("SOTTO-ENC-001", "critical", "fail", { accepted: { by: "baseline" } })]);
    expect(text).not.toContain("First");
    expect(text).toMatch(/accepted\s+SOTTO-ENC-001/);
  });

  it("fits on a screen, whatever there is, says how much more there is, and how to see it", () => {
    const findings = [
      ...many(500, () => finding("SOTTO-ENC-001", "critical")),
      ...many(500, (at) => finding("SOTTO-DEV-001", "medium", "not-checked", { message: `reason ${at}` })),
    ];
    const text = screen(findings);
    expect(text.split("\n").length).toBeLessThan(60);
    expect(text).toContain("and 497 more");
    expect(text).toContain("--all");
    const whole = screen(findings, true);
    expect(whole.match(/: finding \d+/g)).toHaveLength(500);
    expect(whole.slice(whole.indexOf("Findings"))).not.toMatch(/and \d+ more/);
  });

  it("says one reason once, and for which rules", () => {
    const text = screen(
      (["SOTTO-ENC-001", "SOTTO-ACC-001"] as const).map((id) =>
        finding(id, "high", "not-checked", { message: "no file was given" }),
      ),
    );
    expect(text.match(/no file was given/g)).toHaveLength(1);
    expect(text).toContain("SOTTO-ACC-001, SOTTO-ENC-001");
  });

  it("leaves out what passed, unless asked for it", () => {
    const findings = [finding("SOTTO-ENC-001", "critical", "pass")];
    expect(screen(findings)).not.toContain("SOTTO-ENC-001");
    expect(screen(findings)).toContain("1 pass");
    expect(screen(findings, true)).toContain("SOTTO-ENC-001");
  });

  it("is coloured only where it is told", () => {
    const report = reportOf([finding("SOTTO-ENC-001", "critical")]);
    expect(FORMATS.tty(report, { all: false, color: true, failOn: "high" })).toContain("\u001b[31m");
    expect(FORMATS.tty(report, { all: false, color: false, failOn: "high" })).not.toContain("\u001b");
  });
});
