import { SottoError } from "../../errors.ts";
import type { UserId } from "../../model/ids.ts";
import { keptText } from "../../model/kept-text.ts";
import { isObject, isString, type JsonObject, stringsOf } from "../json.ts";
import { path } from "../path.ts";
import { matrixErrorOf } from "../request-failure.ts";
import type { RequestOptions, Transport } from "../transport.ts";

// What a homeserver gives our account, and how much of it.

const MAX_URIS = 20;
const MAX_TEXT = 200;

/** Synapse makes a user name for each request, with the second in which it ends. */
const ENDS = /^\d{9,11}(?::|$)/;

/**
 * Null where there is no TURN server. The password is not kept.
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3voipturnserver
 */
export async function turnOf(
  transport: Transport,
  manner: RequestOptions,
): Promise<{ ttlSec: number; uris: string[]; isTimeLimited: boolean } | null> {
  const answer = await transport
    .request<JsonObject>("GET", "/_matrix/client/v3/voip/turnServer", manner)
    .catch((thrown) => {
      const refusal = matrixErrorOf(thrown);
      const isNone = refusal?.errcode === "M_NOT_FOUND" || refusal?.errcode === "M_UNRECOGNIZED";
      if (refusal?.statusCode === 404 && isNone) return {}; // as other homeservers say it
      throw thrown;
    });
  const { username, uris, ttl } = isObject(answer) ? answer : {};
  if (isObject(answer) && Object.keys(answer).length === 0) return null;
  if (!isString(username) || !Array.isArray(uris) || typeof ttl !== "number" || !(ttl >= 0))
    throw new SottoError("HOMESERVER_ERROR", "the homeserver's answer names no TURN server");
  return {
    ttlSec: ttl,
    uris: stringsOf(uris)
      .slice(0, MAX_URIS)
      .map((uri) => keptText(uri, MAX_TEXT)),
    isTimeLimited: ENDS.test(username),
  };
}

/**
 * The messages that our account may send; null where the homeserver's defaults hold.
 * https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html#get-status-of-ratelimit
 */
export async function messageRateLimit(
  admin: Transport,
  userId: UserId,
  manner: RequestOptions,
): Promise<{ messagesPerSecond: number; burstCount: number } | null> {
  const url = path`/_synapse/admin/v1/users/${userId}/override_ratelimit`;
  const answer = await admin.request("GET", url, manner);
  if (isObject(answer) && Object.keys(answer).length === 0) return null;
  const { messages_per_second: messagesPerSecond, burst_count: burstCount } = isObject(answer) ? answer : {};
  if (typeof messagesPerSecond === "number" && typeof burstCount === "number")
    return { messagesPerSecond, burstCount };
  throw new SottoError("HOMESERVER_ERROR", "the homeserver's answer is not a rate limit");
}
