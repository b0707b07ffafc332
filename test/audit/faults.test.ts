import { describe, expect, it } from "vitest";
import { audit, type Context, RULES } from "../../src/audit/index.ts";
import { DEFAULT_POLICY } from "../../src/config/policy.ts";
import type { Facts } from "../../src/model/facts.ts";
import { facts } from "../support/facts.ts";
import { ACCESS_FAULTS } from "./faults/access.ts";
import { DEVICE_FAULTS } from "./faults/devices.ts";
import { ENCRYPTION_FAULTS } from "./faults/encryption.ts";
import type { Fault } from "./faults/fault.ts";
import { HOMESERVER_FAULTS } from "./faults/homeserver.ts";
import { METADATA_FAULTS } from "./faults/metadata.ts";
import { OWN_FAULTS } from "./faults/own.ts";

const FAULTS: Fault[] = [
  ...ENCRYPTION_FAULTS,
  ...ACCESS_FAULTS,
  ...DEVICE_FAULTS,
  ...METADATA_FAULTS,
  ...HOMESERVER_FAULTS,
  ...OWN_FAULTS,
];
const FINDINGS = ["fail", "warn", "not-checked", "error"];

/** The rules that find something, each once, without their common prefix. */
const found = (change: Partial<Facts>, more: Partial<Context> = {}): string[] => [
  ...new Set(
    audit({ facts: facts(change), policy: DEFAULT_POLICY, ...more })
      .findings.filter(({ result }) => FINDINGS.includes(result))
      .map(({ ruleId }) => ruleId.replace("SOTTO-", "")),
  ),
];

it("finds nothing in a team in which everything is as it should be", () => {
  expect(found({})).toEqual([]);
  expect(found({}, { previous: facts() })).toEqual([]);
});

describe("a fault is found by the rules of its subject, and by no other", () => {
  it.each(FAULTS)("$name", ({ change, rules, more, clean }) => {
    expect(found(clean ?? {}, more)).toEqual([]);
    expect(found(change, more).sort()).toEqual([...rules].sort());
  });
});

it("leaves no rule without a fault that it finds", () => {
  const judged = new Set(FAULTS.flatMap(({ rules }) => rules));
  const without = RULES.map(({ id }) => id.replace("SOTTO-", "")).filter((id) => !judged.has(id));
  expect(without).toEqual([]);
});

it("judges no names in facts that hold pseudonyms", () => {
  const { findings } = audit({ facts: facts({ isPseudonymous: true }), policy: DEFAULT_POLICY });
  const unchecked = findings.filter(({ result }) => result === "not-checked").map(({ ruleId }) => ruleId);
  expect(unchecked).toEqual(
    expect.arrayContaining(
      ["ACC-024", "ENC-017", "META-001", "META-002", "META-003", "META-008"].map((id) => `SOTTO-${id}`),
    ),
  );
});
