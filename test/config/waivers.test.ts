import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadWaivers } from "../../src/config/waivers.ts";
import { temporaryDirectory } from "../support/temporary.ts";

function load(yaml: string) {
  const file = join(temporaryDirectory(), "waivers.yaml");
  writeFileSync(file, yaml);
  return loadWaivers(file).map(({ where, ...waiver }) => ({ ...waiver, where: where.split("/").at(-1) }));
}

describe("a waivers file", () => {
  it("may say how bad a finding it covers at most", () => {
    const line = "{ rule: SOTTO-SRV-017, severity: medium, result: warn }";
    expect(load(`waivers:\n  - ${line}`)).toMatchObject([{ severity: "medium", result: "warn" }]);
    expect(() => load(`waivers:\n  - ${line.replace("medium", "worst")}`)).toThrow(/severity/);
  });

  it("names a finding by its fingerprint, or by rule and subject, and remembers its line", () => {
    const waivers = load(
      [
        "waivers:",
        "  - { fingerprint: 0123456789abcdef, owner: ops, reason: known, expires: 2026-12-31 }",
        "  - rule: SOTTO-DEV-002",
        '    user: "@alice:example.org"',
        "    device: PHONE",
        "    owner: ops",
        "    reason: new phone",
        "    expires: 2026-12-31",
      ].join("\n"),
    );
    expect(waivers).toEqual([
      {
        fingerprint: "0123456789abcdef",
        owner: "ops",
        reason: "known",
        expires: "2026-12-31",
        where: "waivers.yaml:2",
      },
      {
        ruleId: "SOTTO-DEV-002",
        subject: { userId: "@alice:example.org", deviceId: "PHONE" },
        ...{ owner: "ops", reason: "new phone", expires: "2026-12-31", where: "waivers.yaml:3" },
      },
    ]);
  });

  it("reads one without owner or end, so that it can be reported", () => {
    expect(load("waivers: [{ rule: SOTTO-ENC-001, room: '!a' }]")).toEqual([
      { ruleId: "SOTTO-ENC-001", subject: { roomId: "!a" }, where: "waivers.yaml:1" },
    ]);
  });

  it.each([
    ["waivers: [{ owner: ops }]", /either a fingerprint/],
    ["waivers: [{ rule: SOTTO-ENC-001, fingerprint: 0123456789abcdef }]", /either a fingerprint/],
    ["waivers: [{ rule: ENC-1 }]", /SOTTO-ENC-001/],
    ["waivers: [{ rule: SOTTO-ENC-001, expires: next year }]", /2026-12-31/],
    ["waivers: [{ rule: SOTTO-ENC-001, until: 2026-12-31 }]", /unknown key: "until"/],
    ["waivers: [{ rule: SOTTO-ENC-001, room: '#alias:example.org' }]", /!abc/],
  ])("refuses %s, by line", (yaml, message) => {
    expect(() => load(yaml)).toThrow(message);
    expect(() => load(yaml)).toThrow(/waivers\.yaml:1/);
  });
});
