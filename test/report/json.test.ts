import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { auditJsonSchema } from "../../scripts/sample-config.ts";
import { FORMATS } from "../../src/report/index.ts";
import { finding, hostileReport, reportOf } from "../support/report.ts";
import { auditSchema, schemaErrors } from "../support/schemas.ts";

const OPTIONS = { all: false, color: false, failOn: "high" } as const;
const document = (report = hostileReport("words"), all = true) =>
  JSON.parse(FORMATS.json(report, { ...OPTIONS, all })) as Record<string, unknown>;

describe("the JSON report", () => {
  it("is as docs/audit.schema.json says, and that is made of the schema in the source", () => {
    const published = readFileSync(join(import.meta.dirname, "../../docs/audit.schema.json"), "utf8");
    expect(published).toBe(auditJsonSchema());
    expect(schemaErrors(auditSchema(), document())).toEqual([]);
    expect(schemaErrors(auditSchema(), document(reportOf([])))).toEqual([]);
  });

  it("has a schema that finds what is wrong", () => {
    expect(schemaErrors(auditSchema(), { ...document(), extra: 1 })).not.toEqual([]);
    expect(schemaErrors(auditSchema(), { ...document(), schemaVersion: 2 })).not.toEqual([]);
  });

  it("leaves out what passed unless asked, and counts it all the same", () => {
    const report = reportOf([finding("SOTTO-ENC-001", "critical", "pass"), finding("SOTTO-ACC-001", "high")]);
    const { findings, summary } = document(report, false) as { findings: unknown[]; summary: never };
    expect(findings).toEqual([expect.objectContaining({ ruleId: "SOTTO-ACC-001" })]);
    expect(summary).toMatchObject({ results: { pass: 1, fail: 1 } });
    expect(summary).toMatchObject({
      rules: expect.arrayContaining([
        expect.objectContaining({ ruleId: "SOTTO-ENC-001", results: { pass: 1 } }),
      ]),
    });
    expect(document(report).findings).toHaveLength(2);
  });

  it("gives the most urgent first", () => {
    const report = reportOf([
      finding("SOTTO-ENC-001", "critical", "fail", { accepted: { by: "baseline" } }),
      finding("SOTTO-META-001", "low", "not-checked"),
      finding("SOTTO-ACC-001", "high", "warn"),
      finding("SOTTO-META-001", "low"),
      finding("SOTTO-ACC-001", "high"),
    ]);
    const { findings } = document(report) as { findings: { result: string; severity: string }[] };
    expect(findings.map(({ result, severity }) => `${severity} ${result}`)).toEqual([
      "high fail",
      "low fail",
      "high warn",
      "low not-checked",
      "critical fail",
    ]);
  });
});

it("as lines: the summary, then a line for each finding", () => {
  const lines = FORMATS.jsonl(hostileReport("words"), OPTIONS).trimEnd().split("\n");
  const kinds = lines.map((line) => (JSON.parse(line) as { kind: string }).kind);
  expect(kinds).toEqual(["summary", ...Array(6).fill("finding")]);
});
