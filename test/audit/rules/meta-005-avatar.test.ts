import { expect, it } from "vitest";
import { avatar } from "../../../src/audit/rules/meta-005-avatar.ts";
import { inState, noState } from "./changed.ts";
import { judge, results } from "./judge.ts";

it("passes a room without, and one whose picture was taken away", () => {
  expect(results(avatar)).toEqual(["pass"]);
  expect(results(avatar, inState({ avatarUrl: "" }))).toEqual(["pass"]);
});

it("says so of one that has it, as information", () => {
  expect(judge(avatar, inState({ avatarUrl: "mxc://example.org/face" }))).toEqual([
    expect.objectContaining({
      result: "warn",
      severity: "info",
      message: expect.stringContaining("mxc://example.org/face"),
      cure: expect.stringContaining("m.room.avatar {}"),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(results(avatar, noState)).toEqual(["not-checked"]);
});
