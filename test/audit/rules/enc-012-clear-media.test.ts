import { expect, it } from "vitest";
import { clearMedia } from "../../../src/audit/rules/enc-012-clear-media.ts";
import { ALICE, BOT } from "../../support/facts.ts";
import { envelope, inState, noPast, past, saying, setting } from "./changed.ts";
import { judge, results } from "./judge.ts";

const clear = envelope({ eventId: "$clear", type: "m.room.message", msgtype: "m.audio", media: "clear" });

it("passes what is encrypted, redacted, or not attachment", () => {
  expect(results(clearMedia)).toEqual(["pass"]);
  expect(results(clearMedia, saying({ ...clear, isRedacted: true }))).toEqual(["pass"]);
  expect(results(clearMedia, saying(envelope({ type: "m.room.message", msgtype: "m.text" })))).toEqual([
    "pass",
  ]);
});

it("finds each sender once, with the events to redact", () => {
  const said = saying(clear, { ...clear, eventId: "$two" }, { ...clear, eventId: "$bot", sender: BOT });
  expect(judge(clearMedia, said)).toEqual([
    expect.objectContaining({
      result: "fail",
      subject: expect.objectContaining({ userId: ALICE }),
      message: expect.stringContaining("sent 2 attachments in clear after the room was encrypted"),
      cure: expect.stringMatching(/^redact \$clear and \$two, which cannot be undone/),
    }),
    expect.objectContaining({ result: "fail", subject: expect.objectContaining({ userId: BOT }) }),
  ]);
});

it("goes by where an event stands, not by the time that its sender wrote on it", () => {
  expect(results(clearMedia, saying({ ...clear, sentMs: 0 }))).toEqual(["fail"]);
  expect(results(clearMedia, past(true, setting(), clear))).toEqual(["pass"]);
});

it("takes a past in which the encryption was not seen for one after it, and passes none that was cut", () => {
  expect(results(clearMedia, past(false, clear))).toEqual(["fail"]);
  expect(judge(clearMedia, past(false, envelope()))).toEqual([
    expect.objectContaining({
      result: "not-checked",
      notAsked: true,
      message: expect.stringContaining("--depth"),
    }),
  ]);
  expect(results(clearMedia, past(false, envelope(), setting()))).toEqual(["pass"]);
});

it("says nothing of a room that is not encrypted", () => {
  expect(results(clearMedia, inState({ encryption: null }))).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(clearMedia, noPast)).toEqual(["not-checked"]);
});
