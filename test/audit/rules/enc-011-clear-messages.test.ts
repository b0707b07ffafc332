import { expect, it } from "vitest";
import { clearMessages } from "../../../src/audit/rules/enc-011-clear-messages.ts";
import { ALICE, BOT } from "../../support/facts.ts";
import { envelope, inState, noPast, past, saying, setting } from "./changed.ts";
import { judge, results } from "./judge.ts";

const clear = envelope({ eventId: "$clear", type: "m.room.message", msgtype: "m.text" });

it("passes what is encrypted, redacted, or not message", () => {
  expect(results(clearMessages)).toEqual(["pass"]);
  expect(results(clearMessages, saying({ ...clear, isRedacted: true }))).toEqual(["pass"]);
  expect(
    results(clearMessages, saying(envelope({ type: "m.room.message", msgtype: "m.image", media: "clear" }))),
  ).toEqual(["pass"]);
});

it("finds each sender once, with the events to redact", () => {
  const said = saying(clear, { ...clear, eventId: "$two" }, { ...clear, eventId: "$bot", sender: BOT });
  expect(judge(clearMessages, said)).toEqual([
    expect.objectContaining({
      result: "fail",
      subject: expect.objectContaining({ userId: ALICE }),
      message: expect.stringContaining("sent 2 messages in clear after the room was encrypted"),
      cure: expect.stringMatching(/^redact \$clear and \$two, which cannot be undone/),
    }),
    expect.objectContaining({ result: "fail", subject: expect.objectContaining({ userId: BOT }) }),
  ]);
});

it("goes by where an event stands, not by the time that its sender wrote on it", () => {
  expect(results(clearMessages, saying({ ...clear, sentMs: 0 }))).toEqual(["fail"]);
  expect(results(clearMessages, past(true, setting(), clear))).toEqual(["pass"]);
});

it("takes a past in which the encryption was not seen for one after it, and passes none that was cut", () => {
  expect(results(clearMessages, past(false, clear))).toEqual(["fail"]);
  expect(judge(clearMessages, past(false, envelope()))).toEqual([
    expect.objectContaining({
      result: "not-checked",
      notAsked: true,
      message: expect.stringContaining("--depth"),
    }),
  ]);
  expect(results(clearMessages, past(false, envelope(), setting()))).toEqual(["pass"]);
});

it("says nothing of a room that is not encrypted", () => {
  expect(results(clearMessages, inState({ encryption: null }))).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(clearMessages, noPast)).toEqual(["not-checked"]);
});

it("warns of events of which nobody here knows what they say", () => {
  const strange = envelope({ eventId: "$alarm", type: "com.example.alarm" });
  expect(judge(clearMessages, saying(strange, clear))).toEqual([
    expect.objectContaining({ result: "fail" }),
    expect.objectContaining({
      ...{ result: "warn", severity: "low" },
      message: expect.stringContaining("com.example.alarm"),
      cure: expect.stringMatching(
        new RegExp(`what ${ALICE} sent there.*redact \\$alarm, which cannot be undone`),
      ),
    }),
  ]);
  expect(results(clearMessages, saying(strange))).toEqual(["warn"]);
  expect(results(clearMessages, saying({ ...strange, isRedacted: true }))).toEqual(["pass"]);
});
