import { expect, it } from "vitest";
import { historyVisibility } from "../../../src/audit/rules/acc-002-history-visibility.ts";
import { inState, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const ORDER = ["joined", "invited", "shared"] as const;

it.each(ORDER.flatMap((said, at) => ORDER.map((allowed, most) => [said, allowed, at <= most] as const)))(
  "%s where the policy allows %s: passes %j",
  (said, allowed, passes) => {
    const change = inState({ historyVisibility: said });
    expect(results(historyVisibility, change, policy({ historyVisibility: allowed }))).toEqual([
      passes ? "pass" : "fail",
    ]);
  },
);

it("says who can read what, and gives the event that ends it", () => {
  const change = inState({ historyVisibility: "shared" });
  expect(judge(historyVisibility, change, policy({ historyVisibility: "joined" }))).toEqual([
    expect.objectContaining({
      message: expect.stringContaining("whoever joins later can read everything"),
      cure: expect.stringContaining('m.room.history_visibility {"history_visibility":"joined"}'),
    }),
  ]);
});

it("does not pass what the spec does not know", () => {
  expect(results(historyVisibility, inState({ historyVisibility: "some" }))).toEqual(["fail"]);
  const trick = judge(historyVisibility, inState({ historyVisibility: "constructor" }));
  expect(trick[0]?.message).toContain('by "constructor", which the spec does not know');
});

it("leaves an open history to the rule for that", () => {
  expect(results(historyVisibility, inState({ historyVisibility: "world_readable" }))).toEqual([
    "not-applicable",
  ]);
});

it("passes nothing that could not be read", () => {
  expect(results(historyVisibility, noState)).toEqual(["not-checked"]);
});
