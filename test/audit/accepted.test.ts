import { describe, expect, it } from "vitest";
import { accepted, faultOf, idleWaivers } from "../../src/audit/accepted.ts";
import type { Limit, Waiver } from "../../src/model/report.ts";
import { NOW_MS } from "../support/facts.ts";
import { finding } from "../support/report.ts";

const SIGNED = { owner: "ops", reason: "moved soon", expires: "2026-12-31", where: "waivers.yaml:2" };
const found = finding("SOTTO-DEV-001", "high", "fail", { subject: { userId: "@alice:example.org" } });
const waived = (waiver: Partial<Waiver>, one = found, nowMs = NOW_MS) =>
  accepted([one], { waivers: [{ ...SIGNED, ...waiver }] }, nowMs)[0]!.accepted;
const byRule = { ruleId: "SOTTO-DEV-001", subject: { userId: "@alice:example.org" } } as const;

describe("a waiver", () => {
  it("covers one finding by its fingerprint, or by rule and subject, and says who signed", () => {
    const by = { by: "waiver", owner: "ops", reason: "moved soon", expires: "2026-12-31" };
    expect(waived({ fingerprint: found.fingerprint })).toEqual(by);
    expect(waived(byRule)).toEqual(by);
  });

  it("covers nothing else: another rule, somebody else, or a device of theirs", () => {
    expect(waived({ ...byRule, ruleId: "SOTTO-DEV-002" })).toBeUndefined();
    expect(waived({ ...byRule, subject: { userId: "@bob:example.org" } })).toBeUndefined();
    expect(waived({ ...byRule, subject: {} })).toBeUndefined();
    const device = { ...found, subject: { ...found.subject, deviceId: "NEW" } };
    expect(waived(byRule, device)).toBeUndefined();
  });

  it("covers nothing without owner, reason or end, nor when its last day is over", () => {
    expect(waived({ ...byRule, owner: " " })).toBeUndefined();
    expect(waived({ ...byRule, reason: "" })).toBeUndefined();
    const { expires: _, ...endless } = SIGNED;
    expect(accepted([found], { waivers: [{ ...endless, ...byRule }] }, NOW_MS)[0]!.accepted).toBeUndefined();
    const lastDay = Date.parse("2026-12-31T23:59:59Z");
    expect(waived(byRule, found, lastDay)).toBeDefined();
    expect(waived(byRule, found, lastDay + 1_000)).toBeUndefined();
  });

  it("with a day that no calendar has covers nothing", () => {
    expect(faultOf({ ...SIGNED, expires: "2026-13-45" }, NOW_MS)).toMatch(/no day/);
    expect(waived({ ...byRule, expires: "soon" })).toBeUndefined();
  });

  it("covers what got worse only as far as it says", () => {
    const worse = { ...found, severity: "critical" as const };
    expect(waived({ ...byRule, severity: "high" })).toBeDefined();
    expect(waived({ ...byRule, severity: "high" }, worse)).toBeUndefined();
    expect(waived({ ...byRule, severity: "medium" })).toBeUndefined();
    expect(waived({ ...byRule, result: "warn" })).toBeUndefined();
    expect(waived({ ...byRule, result: "warn" }, { ...found, result: "warn" })).toBeDefined();
    // who says nothing of it has signed for all
    expect(waived(byRule, worse)).toBeDefined();
  });

  it.each(["not-checked", "error", "pass"] as const)("cannot cover what came out %s", (result) => {
    expect(waived(byRule, { ...found, result })).toBeUndefined();
  });
});

describe("a baseline", () => {
  const known = (one = found, limit: Limit = {}) =>
    accepted([one], { baseline: new Map([[one.fingerprint, limit]]) }, NOW_MS)[0]!.accepted;

  it("covers what was known, and nothing that is new", () => {
    expect(known()).toEqual({ by: "baseline" });
    expect(
      accepted([found], { baseline: new Map([["0".repeat(16), {}]]) }, NOW_MS)[0]!.accepted,
    ).toBeUndefined();
  });

  it("covers nothing that is worse than it was", () => {
    expect(known(found, { severity: "high", result: "fail" })).toBeDefined();
    expect(known(found, { severity: "medium", result: "fail" })).toBeUndefined();
    expect(known(found, { severity: "high", result: "warn" })).toBeUndefined();
    expect(known({ ...found, severity: "low" }, { severity: "high", result: "fail" })).toBeDefined();
  });

  it("covers neither what could not be read nor a waiver that has ended", () => {
    expect(known({ ...found, result: "not-checked" })).toBeUndefined();
    expect(known({ ...found, ruleId: "SOTTO-OWN-030" })).toBeUndefined();
  });
});

it("is idle, and said to be, where it has run out or nothing that it names is found", () => {
  const idle = (waiver: Partial<Waiver>, one = found) =>
    idleWaivers([one], [{ ...SIGNED, ...byRule, ...waiver }], NOW_MS);
  expect(idle({})).toEqual([]);
  const cured = { ...found, result: "pass" as const };
  expect(idle({}, cured)).toEqual([
    { where: "waivers.yaml:2", covers: "SOTTO-DEV-001", why: "nothing that it names is found" },
  ]);
  expect(idle({ expires: "2026-10-31" })).toMatchObject([{ why: "ops had it until 2026-10-31" }]);
  expect(idle({ severity: "medium" })).toMatchObject([{ why: "what it names got worse than it covers" }]);
  expect(idle({ severity: "medium" }, { ...found, result: "not-checked" })).toEqual([]);
  // what could not be read may be there
  expect(idle({}, { ...found, result: "not-checked" })).toEqual([]);
});
