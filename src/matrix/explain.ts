import { SottoError } from "../errors.ts";
import { isTlsFailure } from "./backoff.ts";
import { ConnectionFailure, type Failure } from "./request-failure.ts";

/** The error for a request that was given up: what it means to a person, with the failure as its cause. */
export function explain(failure: Failure, url: URL): SottoError {
  if (failure instanceof ConnectionFailure) {
    return new SottoError("HOMESERVER_UNREACHABLE", `${url.origin} cannot be reached`, {
      cause: failure,
      ...(isTlsFailure(failure) && {
        cure: "check the address; for an authority of your own, set caFile in the config",
      }),
    });
  }
  const { statusCode, errcode, retryAfterMs } = failure;
  if (statusCode === 401 && (errcode === "M_UNKNOWN_TOKEN" || errcode === "M_MISSING_TOKEN")) {
    return new SottoError("TOKEN_REJECTED", "the homeserver does not accept the access token", {
      cause: failure,
    });
  }
  if (statusCode === 429) {
    return new SottoError("RATE_LIMITED", "the homeserver limits how fast this account may go", {
      cause: failure,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  }
  if (errcode === undefined && [502, 503, 504].includes(statusCode)) {
    return new SottoError(
      "HOMESERVER_UNREACHABLE",
      `the proxy at ${url.origin} does not reach the homeserver`,
      {
        cause: failure,
      },
    );
  }
  return new SottoError("HOMESERVER_ERROR", "the homeserver refused the request", { cause: failure });
}
