import { expect, it } from "vitest";
import { worldReadable } from "../../../src/audit/rules/acc-001-world-readable.ts";
import { roomState } from "../../support/facts.ts";
import { inState, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const open = inState({ historyVisibility: "world_readable" });

it("passes every other visibility", () => {
  expect(results(worldReadable)).toEqual(["pass"]);
  expect(results(worldReadable, inState({ historyVisibility: "shared" }))).toEqual(["pass"]);
});

it("finds an open history, and gives what the policy allows as the cure", () => {
  expect(judge(worldReadable, open, policy({ historyVisibility: "joined" }))).toEqual([
    expect.objectContaining({
      result: "fail",
      severity: "high",
      message: expect.stringContaining("anybody in the world"),
      cure: expect.stringContaining('{"history_visibility":"joined"}'),
    }),
  ]);
});

it("is worse where nothing is encrypted", () => {
  const clear = inState({ historyVisibility: "world_readable", encryption: null });
  expect(judge(worldReadable, clear)[0]?.severity).toBe("critical");
});

it("passes what the policy wants open", () => {
  expect(results(worldReadable, open, policy({ historyVisibility: "world_readable" }))).toEqual(["pass"]);
});

it("passes nothing that could not be read", () => {
  expect(results(worldReadable, noState)).toEqual(["not-checked"]);
});

it("is less bad in a space, in which nobody talks", () => {
  const space = { ...roomState().create, type: "m.space" };
  const open = inState({ create: space, encryption: null, historyVisibility: "world_readable" });
  expect(judge(worldReadable, open)).toMatchObject([{ result: "fail", severity: "medium" }]);
});
