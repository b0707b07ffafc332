import { expect, it } from "vitest";
import { reactions } from "../../../src/audit/rules/meta-007-reactions.ts";
import { ALICE } from "../../support/facts.ts";
import { envelope, inState, noPast, past, policy, saying, setting } from "./changed.ts";
import { judge, results } from "./judge.ts";

const none = policy({ reactions: false });
const nod = envelope({ type: "m.reaction", relation: "m.annotation" });

it("passes a room without, and counts those that the policy accepts", () => {
  expect(results(reactions, {}, none)).toEqual(["pass"]);
  expect(judge(reactions, saying(nod, nod))).toEqual([
    expect.objectContaining({ result: "pass", message: expect.stringContaining("2 reactions in clear") }),
  ]);
});

it("finds them where the policy does not, and says how to end it", () => {
  expect(judge(reactions, saying(nod), none)).toEqual([
    expect.objectContaining({
      result: "fail",
      severity: "low",
      message: `1 reaction in clear by ${ALICE}, and the policy says none`,
      cure: expect.stringContaining('events["m.reaction"] to 101'),
    }),
  ]);
});

it("does not count what was redacted, or came before the encryption", () => {
  expect(results(reactions, saying({ ...nod, isRedacted: true }), none)).toEqual(["pass"]);
  expect(results(reactions, past(true, setting(), nod), none)).toEqual(["pass"]);
});

it("says nothing of a room that is not encrypted", () => {
  expect(results(reactions, inState({ encryption: null }), none)).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(reactions, noPast, none)).toEqual(["not-checked"]);
});
