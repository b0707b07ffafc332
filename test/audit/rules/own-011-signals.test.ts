import { expect, it } from "vitest";
import { signals } from "../../../src/audit/rules/own-011-signals.ts";
import { judge } from "./own.ts";

it("passes where we do not", () => {
  expect(judge(signals, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "We show nothing in clear" }),
  ]);
});

it("finds each that is shown", () => {
  expect(
    judge(signals, { settings: { signals: { typing: true, receipts: false, reactions: true } } }),
  ).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "homeservers see when a recording is made ready, what became of a voice message",
      cure: expect.stringContaining("signals: {typing: false, reactions: false}"),
    }),
  ]);
});

it("finds receipts", () => {
  expect(
    judge(signals, { settings: { signals: { typing: false, receipts: true, reactions: false } } }),
  ).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "homeservers see when a voice message was handed on",
      cure: expect.stringContaining("signals: {receipts: false}"),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(signals, "no store")).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no store" }),
  ]);
});
