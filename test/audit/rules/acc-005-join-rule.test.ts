import { expect, it } from "vitest";
import { joinRule } from "../../../src/audit/rules/acc-005-join-rule.ts";
import { inState, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const by = (rule: string) => inState({ joinRule: { rule, allowedRooms: [] } });

it("passes what the policy lists", () => {
  expect(results(joinRule)).toEqual(["pass"]);
  expect(results(joinRule, by("knock"))).toEqual(["pass"]);
});

it("finds another, and names the event that cures it", () => {
  expect(judge(joinRule, by("knock"), policy({ joinRules: ["restricted", "invite"] }))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: 'the join rule is "knock", and the policy knows restricted and invite',
      cure: 'send m.room.join_rules {"join_rule":"invite"}',
    }),
  ]);
  expect(results(joinRule, by("org.example.new"))).toEqual(["fail"]);
});

it("leaves a public room to the rule for that", () => {
  expect(results(joinRule, by("public"))).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(joinRule, noState)).toEqual(["not-checked"]);
});
