import { expect, test } from "vitest";
import { backoffMs, isRepeatable, retryAfterOf } from "../../src/matrix/backoff.ts";
import { ConnectionFailure, MatrixError } from "../../src/matrix/request-failure.ts";

const lost = new ConnectionFailure("ECONNRESET", "lost", true);

test("the wait doubles up to five seconds, and chance takes any part of it", () => {
  expect([1, 2, 3, 4, 5, 6, 60].map((attempts) => backoffMs(lost, attempts, 1))).toEqual([
    250, 500, 1000, 2000, 4000, 5000, 5000,
  ]);
  expect(backoffMs(lost, 3, 0)).toBe(0);
  expect(backoffMs(lost, 3, 0.5)).toBe(500);
});

test("what the homeserver asks for goes before", () => {
  expect(backoffMs(new MatrixError(503, {}, { retryAfterMs: 7 }), 5, 1)).toBe(7);
});

test("Retry-After may be seconds or a date, and retry_after_ms is the last resort", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  expect(retryAfterOf({ "retry-after": "3" }, { retry_after_ms: 9 }, now)).toBe(3_000);
  expect(retryAfterOf({ "retry-after": "Thu, 01 Jan 2026 00:00:05 GMT" }, {}, now)).toBe(5_000);
  expect(retryAfterOf({ "retry-after": "Wed, 31 Dec 2025 00:00:00 GMT" }, {}, now)).toBe(0);
  expect(retryAfterOf({ "retry-after": "soon" }, { retry_after_ms: 9.2 }, now)).toBe(10);
  expect(retryAfterOf({}, { retry_after_ms: -1 }, now)).toBeUndefined();
  expect(retryAfterOf({}, {}, now)).toBeUndefined();
});

test.each([
  ["lost after sending", lost, true, false],
  ["refused", new ConnectionFailure("ECONNREFUSED", "", false), true, true],
  ["an untrusted certificate", new ConnectionFailure("DEPTH_ZERO_SELF_SIGNED_CERT", "", false), false, false],
  ["429", new MatrixError(429, {}), true, true],
  ["502", new MatrixError(502, {}), true, false],
  ["500", new MatrixError(500, {}), false, false],
  ["404", new MatrixError(404, {}), false, false],
])("%s: an idempotent request is repeated: %s", (_name, failure, idempotent, other) => {
  expect(isRepeatable(failure, true)).toBe(idempotent);
  expect(isRepeatable(failure, false)).toBe(other);
});
