import { expect, it } from "vitest";
import { sandboxRequired } from "../../../src/audit/rules/own-013-sandbox.ts";
import { judge } from "./own.ts";

it("passes where it is required", () => {
  expect(judge(sandboxRequired, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "Recordings are decoded in a sandbox or not at all" }),
  ]);
});

it("warns where it is not", () => {
  expect(judge(sandboxRequired, { settings: { requireSandbox: false } })).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "recordings are decoded without a sandbox where there is none",
      cure: expect.stringContaining("requireSandbox: true"),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(sandboxRequired, "no store")).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no store" }),
  ]);
});
