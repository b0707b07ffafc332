import { SottoError } from "../../errors.ts";

const MINUTE_MS = 60_000;
/** What a receiver refuses is cured by a person, and asked again this often at most. */
const REFUSED_PAUSE_MS = 15 * MINUTE_MS;
const LONGEST_PAUSE_MS = 24 * 60 * MINUTE_MS;

/** Of those that refuse a request, they alone say: later. RFC 9110 section 15.5.9, RFC 8470, RFC 6585 */
const PASSING = [408, 425, 429];
/** Too large, of the wrong type, not to be processed: they speak of this message alone. RFC 9110 section 15.5 */
const OF_THE_MESSAGE = [413, 415, 422];

/**
 * Why an answer that is not a success is none. `CONNECTOR_FAILED` means later, with the earliest time to come back, and the
 * messages behind it wait too; `AUDIO_TOO_LARGE` and `AUDIO_UNREADABLE` that the receiver will never take this one.
 *
 * @param retryAfter - the header, in either form of RFC 9110 section 10.2.3
 * @param nowMs - since the epoch
 */
export function refusalOf(status: number, retryAfter: string | undefined, nowMs: number): SottoError {
  if (OF_THE_MESSAGE.includes(status)) {
    const code = status === 413 ? "AUDIO_TOO_LARGE" : "AUDIO_UNREADABLE";
    return new SottoError(code, `the receiver refused the message with HTTP ${status}`, {
      cure: "let the receiver take such messages; this one does not come again",
    });
  }
  const retryAfterMs = askedFor(retryAfter, nowMs) ?? pauseOf(status);
  return new SottoError("CONNECTOR_FAILED", `the receiver answered with HTTP ${status}`, {
    cure: cureOf(status),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function pauseOf(status: number): number | undefined {
  if (status === 410) return LONGEST_PAUSE_MS;
  return isRefused(status) ? REFUSED_PAUSE_MS : undefined;
}

function cureOf(status: number): string {
  if (status === 410) return "the receiver wants no more of it for good: take its route out of the config";
  if (status < 400) return "write the receiver's own URL into the config: redirects are not followed";
  return isRefused(status)
    ? "check the webhook's URL and secret, and see the receiver's log; the message waits"
    : "see the receiver's log; the message waits and is tried again";
}

const isRefused = (status: number): boolean => status < 500 && !PASSING.includes(status);

function askedFor(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_PAUSE_MS);
}
