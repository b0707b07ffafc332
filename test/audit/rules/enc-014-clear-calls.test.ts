import { expect, it } from "vitest";
import { clearCalls } from "../../../src/audit/rules/enc-014-clear-calls.ts";
import { ALICE, BOT } from "../../support/facts.ts";
import { envelope, inState, noPast, past, saying, setting } from "./changed.ts";
import { judge, results } from "./judge.ts";

const clear = envelope({ eventId: "$clear", type: "m.call.invite" });

it("passes what is encrypted, redacted, or not call event", () => {
  expect(results(clearCalls)).toEqual(["pass"]);
  expect(results(clearCalls, saying({ ...clear, isRedacted: true }))).toEqual(["pass"]);
  expect(
    results(clearCalls, saying(envelope({ type: "org.matrix.msc3401.call.member", stateKey: ALICE }))),
  ).toEqual(["pass"]);
});

it("finds each sender once, with the events to redact", () => {
  const said = saying(clear, { ...clear, eventId: "$two" }, { ...clear, eventId: "$bot", sender: BOT });
  expect(judge(clearCalls, said)).toEqual([
    expect.objectContaining({
      result: "fail",
      subject: expect.objectContaining({ userId: ALICE }),
      message: expect.stringContaining("sent 2 call events in clear after the room was encrypted"),
      cure: expect.stringMatching(/^redact \$clear and \$two, which cannot be undone/),
    }),
    expect.objectContaining({ result: "fail", subject: expect.objectContaining({ userId: BOT }) }),
  ]);
});

it("goes by where an event stands, not by the time that its sender wrote on it", () => {
  expect(results(clearCalls, saying({ ...clear, sentMs: 0 }))).toEqual(["fail"]);
  expect(results(clearCalls, past(true, setting(), clear))).toEqual(["pass"]);
});

it("takes a past in which the encryption was not seen for one after it, and passes none that was cut", () => {
  expect(results(clearCalls, past(false, clear))).toEqual(["fail"]);
  expect(judge(clearCalls, past(false, envelope()))).toEqual([
    expect.objectContaining({
      result: "not-checked",
      notAsked: true,
      message: expect.stringContaining("--depth"),
    }),
  ]);
  expect(results(clearCalls, past(false, envelope(), setting()))).toEqual(["pass"]);
});

it("says nothing of a room that is not encrypted", () => {
  expect(results(clearCalls, inState({ encryption: null }))).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(clearCalls, noPast)).toEqual(["not-checked"]);
});
