import { SottoError } from "../errors.ts";
import { matrixErrorOf } from "./request-failure.ts";

/** A homeserver says so of a token that is somebody's, but not an administrator's. */
export function adminRefusal(thrown: unknown): unknown {
  const cause = matrixErrorOf(thrown);
  if (cause?.errcode !== "M_FORBIDDEN" && cause?.errcode !== "M_UNKNOWN_TOKEN") return thrown;
  return new SottoError("TOKEN_REJECTED", "the homeserver does not take this token as an administrator's", {
    cause,
    cure: 'give the token of an account that has "admin": true in GET /_synapse/admin/v2/users/USER',
  });
}
