/**
 * Why a request did not end with an answer that can be used. These two are the causes of the errors this room
 * throws; what crosses its door is always a `SottoError`.
 */

/** What decides whether a request may be repeated, and whether a repeat could make a second event. */
abstract class RequestFailure extends Error {
  /** False when it is certain that the homeserver did not act on the request, in this attempt or an earlier one. */
  abstract mayHaveArrived: boolean;
}

/** A failure that the retry loop knows how to judge. */
export type Failure = MatrixError | ConnectionFailure;

/**
 * An answer with an error status. https://spec.matrix.org/v1.19/client-server-api/#standard-error-response
 * `errcode` is undefined where something other than the homeserver answered, a proxy as a rule.
 */
export class MatrixError extends RequestFailure {
  readonly statusCode: number;
  readonly errcode: string | undefined;
  /** The login can be renewed to the same device. https://spec.matrix.org/v1.19/client-server-api/#soft-logout */
  readonly softLogout: boolean;
  readonly retryAfterMs: number | undefined;
  /** Where a 3xx answer points. */
  readonly location: string | undefined;
  /** The whole answer where it is a JSON object: user-interactive authentication says there what it wants. */
  readonly body: Readonly<Record<string, unknown>>;
  mayHaveArrived: boolean;

  constructor(
    statusCode: number,
    body: Record<string, unknown>,
    details: { retryAfterMs?: number | undefined; location?: string | undefined } = {},
  ) {
    const errcode = typeof body.errcode === "string" ? printable(body.errcode) : undefined;
    const error = typeof body.error === "string" ? printable(body.error) : "";
    super(`${errcode ?? `HTTP ${statusCode}`}${error === "" ? "" : `: ${error}`}`);
    this.name = "MatrixError";
    this.statusCode = statusCode;
    this.errcode = errcode;
    this.softLogout = errcode === "M_UNKNOWN_TOKEN" && body.soft_logout === true;
    this.retryAfterMs = details.retryAfterMs;
    this.location = details.location;
    this.body = body;
    // a 5xx may come from a proxy that lost the homeserver's answer, or from a handler that failed half-way
    this.mayHaveArrived = statusCode >= 500;
  }
}

/** No answer, or not the whole of it. `code` is Node's own, or `ERR_ANSWER_CUT`. */
export class ConnectionFailure extends RequestFailure {
  readonly code: string;
  mayHaveArrived: boolean;

  constructor(code: string, message: string, mayHaveArrived: boolean) {
    super(message);
    this.name = "ConnectionFailure";
    this.code = code;
    this.mayHaveArrived = mayHaveArrived;
  }
}

/** What went wrong on the way behind an error of this room, if that is what it was. */
export function failureOf(thrown: unknown): Failure | undefined {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause instanceof MatrixError || cause instanceof ConnectionFailure ? cause : undefined;
}

/** The homeserver's answer behind an error of this room, if that is what it was. */
export function matrixErrorOf(thrown: unknown): MatrixError | undefined {
  const failure = failureOf(thrown);
  return failure instanceof MatrixError ? failure : undefined;
}

/** One line for a person's terminal: a server's text is not to be trusted with control characters or length. */
function printable(text: string): string {
  const line = text.replace(/\p{C}+/gu, " ").trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
