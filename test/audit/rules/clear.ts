import { expect, it } from "vitest";
import type { Rule } from "../../../src/audit/index.ts";
import type { Envelope } from "../../../src/model/room-facts.ts";
import { ALICE, BOT } from "../../support/facts.ts";
import { envelope, inState, noPast, past, saying, setting } from "./changed.ts";
import { judge, results } from "./judge.ts";

export interface ClearExample {
  /** One of what the rule looks for. */
  noun: string;
  clear: Envelope;
  /** Something else that is in clear. */
  other: Envelope;
}

/** What holds of every rule about what was sent in clear. */
export function findsClear(rule: Rule, { noun, clear, other }: ClearExample): void {
  it(`passes what is encrypted, redacted, or not ${noun}`, () => {
    expect(results(rule)).toEqual(["pass"]);
    expect(results(rule, saying({ ...clear, isRedacted: true }))).toEqual(["pass"]);
    expect(results(rule, saying(other))).toEqual(["pass"]);
  });

  it("finds each sender once, with the events to redact", () => {
    const said = saying(clear, { ...clear, eventId: "$two" }, { ...clear, eventId: "$bot", sender: BOT });
    expect(judge(rule, said)).toEqual([
      expect.objectContaining({
        result: "fail",
        subject: expect.objectContaining({ userId: ALICE }),
        message: expect.stringContaining(`sent 2 ${noun}s in clear after the room was encrypted`),
        cure: expect.stringMatching(/^redact \$clear and \$two, which cannot be undone/),
      }),
      expect.objectContaining({ result: "fail", subject: expect.objectContaining({ userId: BOT }) }),
    ]);
  });

  it("goes by where an event stands, not by the time that its sender wrote on it", () => {
    expect(results(rule, saying({ ...clear, sentMs: 0 }))).toEqual(["fail"]);
    expect(results(rule, past(true, setting(), clear))).toEqual(["pass"]);
  });

  it("takes a past in which the encryption was not seen for one after it, and passes none that was cut", () => {
    expect(results(rule, past(false, clear))).toEqual(["fail"]);
    const cutOff = expect.objectContaining({
      ...{ result: "not-checked", notAsked: true },
      message: expect.stringContaining("--depth"),
    });
    expect(judge(rule, past(false, envelope()))).toEqual([cutOff]);
    expect(results(rule, past(false, envelope(), setting()))).toEqual(["pass"]);
    // the room was encrypted before that: what was sent in between is not known
    expect(judge(rule, past(false, envelope(), setting({ isChange: true })))).toEqual([cutOff]);
    expect(results(rule, past(false, setting({ isChange: true }), setting()))).toEqual(["pass"]);
  });

  it("says nothing of a room that is not encrypted", () => {
    expect(results(rule, inState({ encryption: null }))).toEqual(["not-applicable"]);
  });

  it("passes nothing that could not be read", () => {
    expect(results(rule, noPast)).toEqual(["not-checked"]);
  });
}
