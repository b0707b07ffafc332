import fc from "fast-check";
import { expect, it } from "vitest";
import { rotationOf, wholeNumber } from "../../src/audit/rotation.ts";
import { roomState } from "../support/facts.ts";

const of = (rotationPeriodMs: unknown, rotationPeriodMsgs: unknown) =>
  rotationOf({ ...roomState().encryption!, rotationPeriodMs, rotationPeriodMsgs });

it("takes what is said, the spec's defaults, and what clients do at the edges", () => {
  expect(of(86_400_000, 50)).toEqual({ periodMs: 86_400_000, messages: 50 });
  expect(of(undefined, undefined)).toEqual({ periodMs: 604_800_000, messages: 100 });
  expect(of("7d", 1.5)).toEqual({ periodMs: 604_800_000, messages: 100 });
  expect(of(0, 0)).toEqual({ periodMs: 3_600_000, messages: 1 });
  expect(of(3_600_000, 10_001)).toEqual({ periodMs: 3_600_000, messages: 10_000 });
});

it("makes of anything a rotation that a client can do", () => {
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (period, count) => {
      const { periodMs, messages } = of(period, count);
      expect(periodMs).toBeGreaterThanOrEqual(3_600_000);
      expect(messages).toBeGreaterThanOrEqual(1);
      expect(messages).toBeLessThanOrEqual(10_000);
    }),
  );
});

it("takes nothing for a whole number that is none", () => {
  for (const value of ["1", 1.5, -1, Number.NaN, 1e300, null, true, [1], {}])
    expect(wholeNumber(value)).toBeUndefined();
  expect([0, 7].map(wholeNumber)).toEqual([0, 7]);
});
