import { describe, expect, it } from "vitest";
import type { Shown } from "../../src/model/report.ts";
import { exitCodeOf } from "../../src/report/index.ts";
import type { FailOn } from "../../src/report/outcome.ts";
import { finding, reportOf } from "../support/report.ts";

const code = (failOn: FailOn, ...findings: Shown[]): number => exitCodeOf(reportOf(findings), failOn);
const unread = finding("SOTTO-ENC-001", "critical", "not-checked");
const notAsked = finding("SOTTO-ENC-001", "critical", "not-checked", { notAsked: true });

describe("the exit code", () => {
  it("is 0 where all is well, or nothing is bad enough", () => {
    expect(code("high")).toBe(0);
    expect(
      code("high", finding("SOTTO-DEV-001", "medium"), finding("SOTTO-ACC-001", "critical", "warn")),
    ).toBe(0);
    expect(code("low", finding("SOTTO-META-001", "info"))).toBe(0);
    expect(code("never", finding("SOTTO-ENC-001", "critical"))).toBe(0);
  });

  it("is 1 from the threshold on", () => {
    expect(code("high", finding("SOTTO-ACC-001", "high"))).toBe(1);
    expect(code("high", finding("SOTTO-ACC-001", "critical"))).toBe(1);
    expect(code("low", finding("SOTTO-META-001", "low"))).toBe(1);
  });

  it("is 0 for what somebody has accepted", () => {
    expect(code("low", finding("SOTTO-ENC-001", "critical", "fail", { accepted: { by: "baseline" } }))).toBe(
      0,
    );
  });

  it("is 3 where something could not be read, unless something was found or nobody asked for it", () => {
    expect(code("high", unread)).toBe(3);
    expect(code("never", unread)).toBe(3);
    expect(code("high", finding("SOTTO-ENC-001", "low", "error"))).toBe(3);
    expect(code("high", unread, finding("SOTTO-ACC-001", "high"))).toBe(1);
    expect(code("high", notAsked)).toBe(0);
  });
});
