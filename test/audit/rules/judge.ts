import { audit } from "../../../src/audit/index.ts";
import type { Context, Rule } from "../../../src/audit/rule.ts";
import { DEFAULT_POLICY } from "../../../src/config/policy.ts";
import type { Facts } from "../../../src/model/facts.ts";
import type { Finding } from "../../../src/model/finding.ts";
import { facts } from "../../support/facts.ts";

/** What one rule says of the small team's facts, changed as told. */
export const judge = (rule: Rule, change: Partial<Facts> = {}, more: Partial<Context> = {}): Finding[] =>
  audit({ facts: facts(change), policy: DEFAULT_POLICY, ...more }, [rule]).findings;

/** The same, as results only. */
export const results = (rule: Rule, change: Partial<Facts> = {}, more: Partial<Context> = {}): string[] =>
  judge(rule, change, more).map(({ result }) => result);
