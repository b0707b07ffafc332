import { expect, it } from "vitest";
import { widgets } from "../../../src/audit/rules/acc-025-widgets.ts";
import { ALICE } from "../../support/facts.ts";
import { inState, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const pad = {
  stateKey: "pad1",
  type: "m.etherpad",
  name: null,
  url: "https://pad.example.org",
  sender: ALICE,
};
const withPad = inState({ widgets: [pad] });

it("passes a room without", () => {
  expect(results(widgets)).toEqual(["pass"]);
});

it("finds one, says whose it is, and which event to empty", () => {
  expect(judge(widgets, withPad)).toEqual([
    expect.objectContaining({
      result: "fail",
      message: expect.stringContaining(`m.etherpad (by ${ALICE})`),
      cure: expect.stringContaining('the content {} and the state key "pad1"'),
    }),
  ]);
});

it("passes them where the policy does", () => {
  expect(results(widgets, withPad, policy({ widgets: true }))).toEqual(["pass"]);
});

it("passes nothing that could not be read", () => {
  expect(results(widgets, noState)).toEqual(["not-checked"]);
});
