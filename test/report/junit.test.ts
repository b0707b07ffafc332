import { expect, it } from "vitest";
import { FORMATS } from "../../src/report/index.ts";
import type { FailOn } from "../../src/report/outcome.ts";
import { finding, reportOf } from "../support/report.ts";

const FINDINGS = [
  finding("SOTTO-ENC-001", "critical"),
  finding("SOTTO-ENC-001", "critical", "pass"),
  finding("SOTTO-ACC-001", "high", "fail", { accepted: { by: "baseline" } }),
  finding("SOTTO-ACC-001", "high", "not-checked"),
  finding("SOTTO-ACC-001", "high", "error"),
  finding("SOTTO-META-001", "low"),
  finding("SOTTO-META-001", "low", "warn"),
];
const junit = (failOn: FailOn = "high"): string =>
  FORMATS.junit(reportOf(FINDINGS), { all: false, color: false, failOn });

it("is a suite for each rule and a test for each subject, those that passed, too", () => {
  const xml = junit();
  expect(xml).toMatch(
    /^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites [^>]*tests="7" failures="1" errors="1" skipped="2"/,
  );
  expect(xml).toMatch(/<testsuite name="SOTTO-ENC-001 [^"]*" tests="2" failures="1" errors="0" skipped="0"/);
  expect(xml.match(/<testcase /g)).toHaveLength(7);
});

it("fails what fails the run, and no more", () => {
  expect(junit("low").match(/<failure /g)).toHaveLength(2);
  expect(junit("never")).not.toContain("<failure");
  expect(junit("high")).toContain("<system-out>fail: finding");
});

it("never passes what could not be read, nor what broke", () => {
  const bare = (xml: string) => xml.match(/<testcase [^>]*><\/testcase>/g);
  expect(bare(junit("never"))).toHaveLength(1);
});
