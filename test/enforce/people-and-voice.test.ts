import { describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/policy.ts";
import { makePlan } from "../../src/enforce/index.ts";
import type { Warning } from "../../src/model/enforcement.ts";
import type { Envelope } from "../../src/model/room-facts.ts";
import { ALICE, BOT, device, facts, known, NOW_MS, ROOM, unread, user } from "../support/facts.ts";

import { DAY_MS, LEVELS, only, planned, stepsOf } from "../support/planned.ts";

// What is planned about what people said, and about people.

describe("clear voice in an encrypted room", () => {
  const envelope = (eventId: string, change: Partial<Envelope>): Envelope => ({
    ...{ eventId, type: "m.room.message", sender: BOT, sentMs: NOW_MS, msgtype: "m.audio", media: "clear" },
    ...change,
  });
  const encryption = envelope("$encryption", { type: "m.room.encryption", stateKey: "" });
  const timeline = (...envelopes: Envelope[]) => ({ timeline: known({ isWhole: true, envelopes }) });

  it("is redacted, the oldest first; what was said before, what is text, and what is gone is not", () => {
    const { steps } = planned({
      room: timeline(
        envelope("$late", {}),
        envelope("$gone", { isRedacted: true }),
        envelope("$text", { msgtype: "m.text" }),
        envelope("$soon", { sender: ALICE }),
        encryption,
        envelope("$before", {}),
      ),
    });
    expect(steps.map(({ request }) => request.kind === "redact" && request.eventId)).toEqual([
      "$soon",
      "$late",
    ]);
    expect(steps.every(({ reversible }) => !reversible)).toBe(true);
  });

  it("is redacted too where the encryption lies further back than was read, or than we may see", () => {
    for (const isWhole of [true, false]) {
      const seen = known({ isWhole, envelopes: [envelope("$late", {})] });
      expect(only({ room: { timeline: seen } }).request).toMatchObject({ kind: "redact", eventId: "$late" });
    }
  });

  it("of others takes their level; ours may always go", () => {
    const powerLevels = { ...LEVELS, users: { [ALICE]: 100, [BOT]: 40 } };
    const given = { state: { powerLevels } };
    const { blocked } = only({ ...given, room: timeline(envelope("$a", { sender: ALICE }), encryption) });
    expect(blocked).toMatch(/takes level 50/);
    expect(only({ ...given, room: timeline(envelope("$b", {}), encryption) }).blocked).toBeUndefined();
  });

  it("what stays is said, less where media go too", () => {
    const given = { room: timeline(envelope("$a", {}), encryption) };
    expect(planned(given).notes.join()).toMatch(/redaction_retention_period.*media stay/);
    expect(planned({ ...given, purges: true }).notes.join()).not.toMatch(/media stay/);
  });

  it("is not taken for none where the past could not be read", () => {
    const { notes } = planned({ room: { timeline: unread("the homeserver was silent") } });
    expect(notes.join()).toMatch(/not looked for: the homeserver was silent/);
  });
});

describe("members with unsigned devices", () => {
  const careless = user(ALICE, { devices: known([device({ deviceId: "LAPTOP", isCrossSigned: false })]) });
  const users = [careless, user(BOT)];
  const told = (days: number, count: number): Warning[] => [
    { roomId: ROOM, userId: ALICE, firstMs: NOW_MS - days * DAY_MS, lastMs: NOW_MS - 5 * DAY_MS, count },
  ];
  const powerLevels = { ...LEVELS, users: { [BOT]: 100 } };
  const stepWith = (warnings: Warning[]) => only({ users, warnings, state: { powerLevels } });

  it("are told, then told again, and removed when the time of grace since the first notice is over", () => {
    expect(stepWith([]).request).toMatchObject({
      kind: "warn",
      users: [{ userId: ALICE, round: 1, devices: ["LAPTOP"] }],
    });
    expect(stepWith(told(5, 1)).request).toMatchObject({ kind: "warn", users: [{ round: 2 }] });
    expect(stepWith(told(8, 2)).request).toMatchObject({ kind: "kick", userId: ALICE, lacks: "signatures" });
  });

  it("are left alone between two notices, and never removed after one notice only", () => {
    const lately = told(1, 1).map((warning) => ({ ...warning, lastMs: NOW_MS - DAY_MS }));
    expect(stepsOf({ users, warnings: lately })).toEqual([]);
    expect(stepWith(told(30, 1)).request.kind).toBe("warn");
  });

  it("who stands as high as we do cannot be removed by us", () => {
    expect(only({ users, warnings: told(8, 2) }).blocked).toMatch(/takes level 101/);
  });

  it("are told of a missing identity too", () => {
    const without = [
      user(ALICE, { identity: known(null), devices: known([device({ isCrossSigned: false })]) }),
    ];
    expect(only({ users: without }).request).toMatchObject({ users: [{ devices: [] }] });
    const { request } = only({
      users: [...without, user(BOT)],
      warnings: told(8, 2),
      state: { powerLevels },
    });
    expect(request).toMatchObject({ kind: "kick", lacks: "identity" });
  });

  it("are not told in clear, and not where their devices could not be read", () => {
    expect(stepsOf({ users, state: { encryption: null }, rooms: { encryption: "optional" } })).toEqual([]);
    const unknown = [user(ALICE, { devices: unread("their homeserver is away") })];
    expect(planned({ users: unknown })).toMatchObject({
      steps: [],
      notes: [`${ALICE}: their homeserver is away`],
    });
  });

  it("who has signed by now begins anew", () => {
    const options = { policy: DEFAULT_POLICY, states: {}, replace: [], purges: false, nowMs: NOW_MS };
    const forgiven = makePlan({ ...options, facts: facts(), warnings: told(8, 2) });
    expect(forgiven.cleared).toEqual([{ roomId: ROOM, userId: ALICE }]);
    expect(makePlan({ ...options, facts: facts({ users }), warnings: told(8, 2) }).cleared).toEqual([]);
  });
});
