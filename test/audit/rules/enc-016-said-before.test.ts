import { expect, it } from "vitest";
import { saidBefore } from "../../../src/audit/rules/enc-016-said-before.ts";
import { BOT } from "../../support/facts.ts";
import { envelope, inState, noPast, past, saying, setting } from "./changed.ts";
import { judge, results } from "./judge.ts";

const text = envelope({ type: "m.room.message", msgtype: "m.text" });
const member = envelope({ type: "m.room.member", stateKey: BOT });

it("passes a room that was encrypted from the first", () => {
  expect(results(saidBefore)).toEqual(["pass"]);
  expect(results(saidBefore, past(true, envelope(), setting(), member))).toEqual(["pass"]);
});

it("counts what can still be read", () => {
  expect(
    judge(saidBefore, past(true, envelope(), setting(), text, text, { ...text, isRedacted: true })),
  ).toEqual([
    expect.objectContaining({
      result: "warn",
      severity: "low",
      message: expect.stringMatching(/^2 events from before/),
      cure: expect.stringContaining("replace the room"),
    }),
  ]);
});

it("leaves what came after to the rules for that", () => {
  expect(results(saidBefore, saying(text))).toEqual(["pass"]);
});

it("passes nothing where the beginning was not read, or cannot be by this account", () => {
  expect(judge(saidBefore, past(false, setting(), envelope()))).toEqual([
    expect.objectContaining({
      result: "not-checked",
      notAsked: true,
      message: expect.stringContaining("--depth"),
    }),
  ]);
  expect(results(saidBefore, past(false, setting(), text))).toEqual(["warn"]);
  expect(judge(saidBefore, past(true, envelope()))).toEqual([
    expect.objectContaining({
      ...{ result: "not-checked", notAsked: true },
      message: expect.stringContaining("--admin-token-file"),
    }),
  ]);
});

it("says nothing of a room that is not encrypted", () => {
  expect(results(saidBefore, inState({ encryption: null }))).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(saidBefore, noPast)).toEqual(["not-checked"]);
});
