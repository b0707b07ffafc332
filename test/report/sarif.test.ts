import { describe, expect, it } from "vitest";
import { FORMATS } from "../../src/report/index.ts";
import { finding, hostileReport, reportOf } from "../support/report.ts";
import { sarifSchema, schemaErrors } from "../support/schemas.ts";

interface Log {
  runs: {
    results: Record<string, unknown>[];
    invocations: unknown[];
    tool: { driver: { rules: { id: string }[] } };
  }[];
}
const log = (report = hostileReport("words"), all = true): Log =>
  JSON.parse(FORMATS.sarif(report, { all, color: false, failOn: "high" })) as Log;

const schema = sarifSchema();

describe("by the OASIS schema of SARIF 2.1.0", () => {
  it.each(["words", "\u202e\ud800 {0} [a](b) <b>"])("a report of every kind is valid: %j", (words) => {
    expect(schemaErrors(schema, log(hostileReport(words)))).toEqual([]);
  });

  it("an empty one is valid, and what is none is not", () => {
    expect(schemaErrors(schema, log(reportOf([])))).toEqual([]);
    expect(schemaErrors(schema, { ...log(), version: "2.0.0" })).not.toEqual([]);
  });
});

describe("a SARIF report", () => {
  it("calls only a fail a fail, and gives no other a level", () => {
    const results = ["fail", "warn", "not-checked", "error", "not-applicable", "pass"] as const;
    const [run] = log(reportOf(results.map((result) => finding("SOTTO-ACC-001", "high", result)))).runs;
    expect(run!.results.map(({ kind, level }) => [kind, level])).toEqual([
      ["fail", "error"],
      ["review", "none"],
      ["open", "none"],
      ["open", "none"],
      ["notApplicable", "none"],
      ["pass", "none"],
    ]);
  });

  it("points each result at its rule, its place, and what it is known by", () => {
    const found = finding("SOTTO-DEV-001", "medium", "fail", {
      subject: { userId: "@alice:example.org", deviceId: "PHONE" },
    });
    const [run] = log({ ...reportOf([found]), policyFile: "/etc/sotto/policy.yaml" }).runs;
    const [result] = run!.results;
    expect(run!.tool.driver.rules[result!.ruleIndex as number]!.id).toBe("SOTTO-DEV-001");
    expect(result).toMatchObject({
      partialFingerprints: { "sotto/v1": found.fingerprint },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: "policy.yaml" } },
          logicalLocations: [{ fullyQualifiedName: "@alice:example.org device PHONE", kind: "device" }],
        },
      ],
    });
  });

  it("shows who has accepted a finding, and which are new", () => {
    const [run] = log(
      reportOf([
        finding("SOTTO-ACC-001", "high", "fail", {
          accepted: { by: "waiver", owner: "ops", reason: "moved soon", expires: "2026-12-31" },
          change: "still-there",
        }),
        finding("SOTTO-ACC-001", "high", "fail", { change: "new" }),
      ]),
    ).runs;
    expect(run!.results).toEqual([
      expect.objectContaining({ baselineState: "new" }),
      expect.objectContaining({
        baselineState: "unchanged",
        suppressions: [
          { kind: "external", status: "accepted", justification: "ops until 2026-12-31: moved soon" },
        ],
      }),
    ]);
  });

  it("says that a run in which a rule has failed was none that succeeded", () => {
    const [run] = log(reportOf([finding("SOTTO-ACC-001", "high", "error")])).runs;
    expect(run!.invocations).toEqual([expect.objectContaining({ executionSuccessful: false })]);
  });
});
