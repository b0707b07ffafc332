import type { IncomingHttpHeaders } from "node:http";
import { type ConnectionFailure, type Failure, MatrixError } from "./request-failure.ts";

const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 5_000;

/**
 * How long to wait before the next attempt, in milliseconds: what the homeserver asked for, else exponential with
 * full jitter, so that clients that failed together do not come back together.
 *
 * @param attempts - how many have failed, from 1
 * @param random - from 0 to 1
 */
export function backoffMs(failure: Failure, attempts: number, random: number): number {
  if (failure instanceof MatrixError && failure.retryAfterMs !== undefined) return failure.retryAfterMs;
  return Math.round(random * Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempts - 1)));
}

/**
 * Whether an attempt may be made again. A failure that certainly came before the homeserver acted is repeated for
 * every request, any other that may pass by itself only for an idempotent one.
 */
export function isRepeatable(failure: Failure, idempotent: boolean): boolean {
  if (failure instanceof MatrixError) {
    if (failure.statusCode === 429) return true;
    return idempotent && [502, 503, 504].includes(failure.statusCode);
  }
  if (isTlsFailure(failure)) return false;
  return idempotent || !failure.mayHaveArrived;
}

/** A certificate or protocol that is not accepted; trying again gives the same. */
export function isTlsFailure(failure: ConnectionFailure): boolean {
  return /^(?:ERR_TLS|ERR_SSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)|CERT/.test(failure.code);
}

/**
 * `Retry-After` in either form of RFC 9110 section 10.2.3, else Matrix's own `retry_after_ms` (deprecated since
 * v1.10, still what some servers send). https://spec.matrix.org/v1.19/client-server-api/#rate-limiting
 *
 * @param nowMs - milliseconds since the epoch, for the form that is a date
 */
export function retryAfterOf(
  headers: IncomingHttpHeaders,
  body: Record<string, unknown>,
  nowMs: number,
): number | undefined {
  const header = headers["retry-after"];
  if (header !== undefined) {
    const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - nowMs) / 1000;
    if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds * 1000));
  }
  const ms = body.retry_after_ms;
  return typeof ms === "number" && ms >= 0 ? Math.ceil(ms) : undefined;
}
