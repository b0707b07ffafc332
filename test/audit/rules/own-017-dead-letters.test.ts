import { expect, it } from "vitest";
import { deadLetters } from "../../../src/audit/rules/own-017-dead-letters.ts";
import { judge } from "./own.ts";

it("passes where none was", () => {
  expect(judge(deadLetters, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "No message was given up" }),
  ]);
});

it("finds how many were", () => {
  expect(judge(deadLetters, { deadLetters: 3 })).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "3 messages reached no room and were given up",
      cure: expect.stringContaining("sotto queue retry"),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(deadLetters, "no store")).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no store" }),
  ]);
});
