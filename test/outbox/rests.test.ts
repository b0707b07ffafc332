import { expect, it } from "vitest";
import { SottoError } from "../../src/errors.ts";
import { Rests } from "../../src/outbox/rests.ts";
import { ROOM } from "../support/store.ts";

const HOUR_MS = 3_600_000;
const failed = (retryAfterMs?: number) =>
  new SottoError("RATE_LIMITED", "later", retryAfterMs === undefined ? {} : { retryAfterMs });

function restsAt(nowMs: number, random = 1) {
  const at = { ms: nowMs };
  return {
    at,
    rests: new Rests(
      () => at.ms,
      () => random,
    ),
  };
}

it("a room rests for twice as long after each failure, and is free after a success", () => {
  const { at, rests } = restsAt(5 * HOUR_MS);
  const pauses: number[] = [];
  for (let failures = 0; failures < 4; failures += 1) {
    rests.failed(ROOM, failed());
    const pauseMs = rests.nextMs()!;
    pauses.push(pauseMs);
    at.ms += pauseMs - 1;
    expect(rests.reason(ROOM)?.code).toBe("RATE_LIMITED");
    at.ms += 1;
    expect(rests.reason(ROOM)).toBeUndefined();
  }
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000]);
  rests.over(ROOM);
  expect(rests.nextMs()).toBeUndefined();
});

it("the next try lies anywhere in the pause, so that what failed together does not come again together", () => {
  const { at, rests } = restsAt(5 * HOUR_MS, 0.25);
  for (let failures = 0; failures < 4; failures += 1) rests.failed(ROOM, failed());
  expect(rests.nextMs()).toBe(2_000);
  rests.failed(ROOM, failed(60_000));
  expect(rests.nextMs()).toBe(60_000);
  at.ms += 60_000;
  expect(rests.reason(ROOM)).toBeUndefined();
});

it("a homeserver that asks for weeks is asked again within the hour", () => {
  const { at, rests } = restsAt(5 * HOUR_MS);
  rests.failed(ROOM, failed(60 * 24 * HOUR_MS));
  expect(rests.nextMs()).toBe(HOUR_MS);
  at.ms += HOUR_MS;
  expect(rests.reason(ROOM)).toBeUndefined();
});

it("a clock that was put back makes no room rest for longer", () => {
  const { at, rests } = restsAt(100 * 24 * HOUR_MS);
  rests.failed(ROOM, failed());
  at.ms -= 90 * 24 * HOUR_MS;
  expect(rests.reason(ROOM)).toBeUndefined();
  expect(rests.nextMs()).toBeLessThanOrEqual(HOUR_MS);
});

it("a homeserver that is back ends every rest because of its absence, and none that it asked for", () => {
  const { rests } = restsAt(5 * HOUR_MS);
  rests.failed(ROOM, new SottoError("HOMESERVER_UNREACHABLE", "connection refused"));
  rests.failed("!uncertain", new SottoError("SEND_UNCERTAIN", "no answer"));
  rests.failed("!asked", new SottoError("SEND_UNCERTAIN", "502", { retryAfterMs: 60_000 }));
  rests.failed("!limited", failed());
  rests.failed("!held", new SottoError("MEMBER_NOT_ACCEPTED", "a person must look"));
  expect(rests.reached({ isBack: true })).toEqual([ROOM, "!uncertain"]);
  const resting = [ROOM, "!uncertain", "!asked", "!limited", "!held"].filter((room) => rests.reason(room));
  expect(resting).toEqual(["!asked", "!limited", "!held"]);
});

it("another room's success ends such a rest once: what then fails again rests by the clock", () => {
  const { at, rests } = restsAt(5 * HOUR_MS);
  const fail = () => rests.failed(ROOM, new SottoError("HOMESERVER_UNREACHABLE", "502 to uploads"));
  fail();
  expect(rests.reached()).toEqual([ROOM]);
  fail();
  expect(rests.reached()).toEqual([]);
  expect(rests.nextMs()).toBe(2_000);
  at.ms += 2_000;
  fail();
  expect(rests.reached()).toEqual([ROOM]);
  fail();
  expect(rests.reached({ isBack: true })).toEqual([ROOM]);
});
