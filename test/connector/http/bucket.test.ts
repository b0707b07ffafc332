import { expect, it } from "vitest";
import { Bucket } from "../../../src/connector/http/bucket.ts";

it("gives as many at once as in a minute, then one each time its share of the minute has gone by", () => {
  const at = { ms: 1_000_000 };
  const bucket = new Bucket(3, () => at.ms);
  expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([0, 0, 0]);
  expect(bucket.take()).toBeCloseTo(20_000);
  at.ms += 19_000;
  expect(bucket.take()).toBeCloseTo(1_000);
  at.ms += 1_001;
  expect(bucket.take()).toBe(0);
  expect(bucket.take()).toBeGreaterThan(19_000);
});

it("does not save up what nobody took", () => {
  const at = { ms: 0 };
  const bucket = new Bucket(2, () => at.ms);
  at.ms += 24 * 3_600_000;
  expect([bucket.take(), bucket.take()]).toEqual([0, 0]);
  expect(bucket.take()).toBeGreaterThan(0);
});
