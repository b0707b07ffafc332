import { expect, it } from "vitest";
import { federated } from "../../../src/audit/rules/acc-023-federated.ts";
import { inCreate, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const local = policy({ federated: false });

it("passes a room that does not federate", () => {
  expect(results(federated, inCreate({ isFederated: false }), local)).toEqual(["pass"]);
});

it("finds one that does, and says that only another room ends it", () => {
  expect(judge(federated, {}, local)).toEqual([
    expect.objectContaining({
      result: "fail",
      message: expect.stringContaining("local only"),
      cure: expect.stringContaining('{"m.federate": false}'),
    }),
  ]);
});

it("has nothing to judge where the policy lets rooms federate", () => {
  expect(results(federated)).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(federated, noState, local)).toEqual(["not-checked"]);
});
