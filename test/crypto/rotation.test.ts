import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ENGINE_MESSAGES,
  ENGINE_PERIOD_MICROSECONDS,
  mustRotate,
  rotationLimits,
} from "../../src/crypto/rotation.ts";
import type { OutboundSession, RoomRecord } from "../../src/store/index.ts";
import { MEGOLM, ROOM } from "../support/store.ts";

const DAY_MS = 86_400_000;
const POLICY = { maxPeriodMs: 7 * DAY_MS, maxMessages: 100 };

const room = (rotationMs?: number, rotationMessages?: number): RoomRecord => ({
  roomId: ROOM,
  membership: "join",
  encryption: { algorithm: MEGOLM },
  rotationMs,
  rotationMessages,
  historyVisibility: "shared",
  replacement: undefined,
});

const session = (more: Partial<OutboundSession> = {}): OutboundSession => ({
  roomId: ROOM,
  sessionId: "session",
  createdMs: 1_000_000,
  messages: 1,
  mustRotate: false,
  sharedUnder: undefined,
  ...more,
});

describe("the limits of a room key", () => {
  it("are the spec's, a week and a hundred messages, where the room names none", () => {
    expect(rotationLimits(room(), { maxPeriodMs: 30 * DAY_MS, maxMessages: 9_999 })).toEqual({
      maxPeriodMs: 604_800_000,
      maxMessages: 100,
    });
  });

  it("are the stricter of the room's and the operator's", () => {
    expect(rotationLimits(room(3_600_000, 500), POLICY)).toEqual({
      maxPeriodMs: 3_600_000,
      maxMessages: 100,
    });
    expect(rotationLimits(room(30 * DAY_MS, 10), POLICY)).toEqual({
      maxPeriodMs: 7 * DAY_MS,
      maxMessages: 10,
    });
  });

  it("let one message through even where the room says none", () => {
    expect(rotationLimits(room(0, 0), POLICY)).toEqual({ maxPeriodMs: 0, maxMessages: 1 });
  });

  it("always lie below the engine's own, which ends the process", () => {
    const any = fc.maxSafeNat();
    fc.assert(
      fc.property(
        fc.option(any, { nil: undefined }),
        fc.option(any, { nil: undefined }),
        any,
        any,
        (ms, count, mostMs, most) => {
          const limits = rotationLimits(room(ms, count), { maxPeriodMs: mostMs, maxMessages: most });
          expect(BigInt(limits.maxMessages)).toBeLessThan(ENGINE_MESSAGES);
          expect(limits.maxMessages).toBeGreaterThanOrEqual(1);
          expect(BigInt(limits.maxPeriodMs) * 1_000n).toBeLessThan(ENGINE_PERIOD_MICROSECONDS);
        },
      ),
    );
  });
});

describe("a session", () => {
  it("is used for exactly as many messages as the limit says", () => {
    const limits = { maxPeriodMs: 7 * DAY_MS, maxMessages: 3 };
    let messages = 0;
    while (!mustRotate(session({ messages }), limits, 1_000_000)) messages += 1;
    expect(messages).toBe(3);
  });

  it("is used until its time is over, and not at that moment any more", () => {
    const limits = { maxPeriodMs: 3_600_000, maxMessages: 100 };
    expect(mustRotate(session(), limits, 1_000_000 + 3_599_999)).toBe(false);
    expect(mustRotate(session(), limits, 1_000_000 + 3_600_000)).toBe(true);
  });

  it("is not used when the clock went back behind its birth", () => {
    expect(mustRotate(session(), POLICY, 999_999)).toBe(true);
    expect(mustRotate(session(), POLICY, 1_000_000)).toBe(false);
  });

  it("is not used when someone left, however young it is", () => {
    expect(mustRotate(session({ mustRotate: true }), POLICY, 1_000_000)).toBe(true);
  });
});
