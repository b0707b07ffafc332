import { type ErrorCode, isPassing, type SottoError, toSottoError } from "../../errors.ts";

/**
 * How a request is refused by this connector itself: the status (RFC 9110, 6585, 6750) and the cure that is told when
 * nobody knows a better one. Codes are never renamed or reused.
 */
export const REFUSALS = {
  REQUEST_INVALID: [400, "correct the request; see /v1/openapi.json"],
  UNAUTHORIZED: [401, "send `Authorization: Bearer TOKEN` with a token of the connector's config"],
  SOURCE_NOT_ALLOWED: [403, "send from an address that the token's `sources` name"],
  ROOM_NOT_ALLOWED: [403, "use a room of the token's `rooms`, written as it is there"],
  NOT_FOUND: [404, "see /v1/openapi.json for what there is"],
  JOB_UNKNOWN: [404, "use the Location of an answer that this token got; old jobs are forgotten"],
  METHOD_NOT_ALLOWED: [405, "use a method of the Allow header"],
  REQUEST_TOO_SLOW: [408, "send it again, faster"],
  KEY_IN_USE: [409, "wait until the first request with this key has its answer, then send it again"],
  REQUEST_TOO_LARGE: [413, "shorten or compress the recording, or raise the connector's maxBytes"],
  ENCODING_UNSUPPORTED: [415, "send the recording as it is, without a Content-Encoding"],
  EXPECTATION_FAILED: [417, "leave the Expect header out, or send `Expect: 100-continue`"],
  FORM_INVALID: [422, "put the fields first and one file last, as in `-F caller=Door -F audio=@bell.wav`"],
  KEY_REUSED: [
    422,
    "give each recording an Idempotency-Key of its own; with the same key send the same bytes",
  ],
  TOO_MANY_REQUESTS: [429, "wait as long as Retry-After says"],
  HEADERS_TOO_LARGE: [431, "send fewer or shorter headers"],
  BUSY: [503, "send it again after as long as Retry-After says"],
} as const satisfies Record<string, readonly [status: number, cure: string]>;

export type RefusalCode = keyof typeof REFUSALS;

/** What a refusal of the house is in HTTP; of what is not named here, the client cannot be the cause. */
export const HOUSE_STATUS = {
  ROUTE_UNKNOWN: 404,
  AUDIO_TOO_LARGE: 413,
  AUDIO_NOT_AUDIO: 415,
  AUDIO_EMPTY: 422,
  AUDIO_UNREADABLE: 422,
  FFMPEG_FAILED: 422,
} as const satisfies Partial<Record<ErrorCode, number>>;

/** How long to wait after trouble that passes by itself, where nothing better is known. */
const RETRY_AFTER_MS = 10_000;

interface Answer {
  status: number;
  code: RefusalCode | ErrorCode;
  message: string;
  cure: string;
  headers?: Readonly<Record<string, string>>;
}

/** A request that is answered with an error. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: RefusalCode | ErrorCode;
  readonly cure: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor({ status, code, message, cure, headers = {} }: Answer) {
    super(message);
    this.status = status;
    this.code = code;
    this.cure = cure;
    this.headers = headers;
  }

  /** The shape of every error of the house. */
  toJSON(): { code: string; message: string; cure: string } {
    return { code: this.code, message: this.message, cure: this.cure };
  }
}

export const refused = (
  code: RefusalCode,
  message: string,
  further: Partial<Pick<Answer, "cure" | "headers">> = {},
): Refusal => {
  const [status, cure] = REFUSALS[code];
  return new Refusal({ status, code, message, cure, ...further });
};

/** What was thrown, as a client may know it: the reasons for the house's own troubles are for the operator alone. */
export function toRefusal(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown;
  const error = toSottoError(thrown);
  const { code, message, cure } = error;
  if (isTheirs(code)) return new Refusal({ status: HOUSE_STATUS[code], code, message, cure });
  const [status, advice] = troubleOf(error);
  return new Refusal({
    status,
    code,
    message: "the recording was not taken",
    cure: advice,
    headers: status === 500 ? {} : retryAfter(error.retryAfterMs ?? RETRY_AFTER_MS),
  });
}

/** Whether a client may read all that is said of it; of other troubles it is told the code. */
export const isTheirs = (code: string): code is keyof typeof HOUSE_STATUS =>
  Object.hasOwn(HOUSE_STATUS, code);

/** A full disk is 507 (RFC 4918, 11.5). */
function troubleOf(error: SottoError): [status: number, cure: string] {
  if (error.code === "DISK_FULL") return [507, "the operator must free some space; then send it again"];
  if (isPassing(error)) return [503, "send it again after as long as Retry-After says"];
  return [500, "the operator finds the reason in the log"];
}

/** In whole seconds (RFC 9110, 10.2.3). */
export const retryAfter = (ms: number): { "retry-after": string } => ({
  "retry-after": String(Math.max(1, Math.ceil(ms / 1000))),
});
