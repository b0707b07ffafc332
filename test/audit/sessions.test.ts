import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { churnOf, sessionsOf, worstAbove } from "../../src/audit/sessions.ts";
import type { Envelope } from "../../src/model/room-facts.ts";

const ROTATION = { periodMs: 1_000, messages: 5 };

/** What a client sends that keeps to the rule, given the pauses between its messages; oldest first. */
function sent(sender: string, pausesMs: readonly number[], { periodMs, messages } = ROTATION): Envelope[] {
  let [now, session, begunMs, used] = [0, 0, 0, 0];
  return pausesMs.map((pauseMs, at) => {
    now += pauseMs;
    if (at === 0 || now - begunMs >= periodMs || used >= messages) [session, begunMs, used] = [at, now, 0];
    used++;
    return {
      eventId: `$${sender}${at}`,
      type: "m.room.encrypted",
      sender,
      sentMs: now,
      sessionId: `${session}`,
    };
  });
}
const pauses = fc.array(fc.nat(600), { minLength: 1, maxLength: 60 });
/** Newest first, as a timeline is; senders mixed as their times say. */
const timeline = (...senders: Envelope[][]): Envelope[] =>
  senders
    .flat()
    .toReversed()
    .sort((one, other) => other.sentMs - one.sentMs);

describe("sessions", () => {
  it("count each encrypted message once, for its sender", () => {
    fc.assert(
      fc.property(pauses, pauses, (ours, theirs) => {
        const sessions = sessionsOf(timeline(sent("@a", ours), sent("@b", theirs)));
        const total = (sender: string) =>
          sessions
            .filter((session) => session.sender === sender)
            .reduce((sum, { messages }) => sum + messages, 0);
        expect([total("@a"), total("@b")]).toEqual([ours.length, theirs.length]);
      }),
    );
  });

  it("are the same in whatever order events came in", () => {
    fc.assert(
      fc.property(pauses, fc.array(fc.nat()), (ours, order) => {
        const envelopes = timeline(sent("@a", ours));
        const mixed = envelopes
          .map((envelope, at) => ({ envelope, key: order[at] ?? 0 }))
          .sort((one, other) => one.key - other.key)
          .map(({ envelope }) => envelope);
        const byId = (all: Envelope[]) =>
          sessionsOf(all).sort((one, other) => one.sessionId.localeCompare(other.sessionId));
        expect(byId(mixed)).toEqual(byId(envelopes));
      }),
    );
  });

  it("of a client that keeps to the rule break nothing, whatever part of its past was seen", () => {
    fc.assert(
      fc.property(pauses, fc.nat(), (ours, seen) => {
        const sessions = sessionsOf(timeline(sent("@a", ours)).slice(0, seen));
        expect(worstAbove(sessions, ({ messages }) => messages, ROTATION.messages)).toEqual([]);
        expect(worstAbove(sessions, ({ firstMs, lastMs }) => lastMs - firstMs, ROTATION.periodMs)).toEqual(
          [],
        );
      }),
    );
  });

  it("of a client that does not are found, once for each sender", () => {
    const lax = { periodMs: 1e9, messages: 1e9 };
    fc.assert(
      fc.property(fc.array(fc.nat(600), { minLength: 6, maxLength: 60 }), (ours) => {
        const sessions = sessionsOf(timeline(sent("@a", ours, lax), sent("@b", ours)));
        const worst = worstAbove(sessions, ({ messages }) => messages, ROTATION.messages);
        expect(worst.map(({ sender, messages }) => [sender, messages])).toEqual([["@a", ours.length]]);
      }),
    );
  });

  it("pass over what is no encrypted message", () => {
    expect(sessionsOf([{ eventId: "$1", type: "m.room.message", sender: "@a", sentMs: 0 }])).toEqual([]);
  });
});

describe("churn", () => {
  it("is nothing in a client that keeps to the rule, seen from its first message on", () => {
    fc.assert(
      fc.property(pauses, (ours) => {
        expect(churnOf(timeline(sent("@a", ours)), ROTATION)).toEqual([
          { sender: "@a", messages: ours.length, unexplained: 0 },
        ]);
      }),
    );
  });

  it("is every message but the first in one that makes a session for each", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), (count) => {
        const each = sent("@a", Array(count).fill(1), { periodMs: 1e9, messages: 1 });
        expect(churnOf(timeline(each), ROTATION)[0]?.unexplained).toBe(count - 1);
      }),
    );
  });
});
