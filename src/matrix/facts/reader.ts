import { SottoError } from "../../errors.ts";
import type { RoomId, UserId } from "../../model/ids.ts";
import type { RoomState, Timeline } from "../../model/room-facts.ts";
import { isObject, type JsonObject } from "../json.ts";
import { path } from "../path.ts";
import type { RequestOptions, Transport } from "../transport.ts";
import { parseRoomState } from "./room-state.ts";
import { readTimeline } from "./timeline.ts";

/** How one request is to be made, in the transport's words. */
export type Manner = Pick<RequestOptions, "signal" | "timeoutMs" | "retryForMs">;

/** Reads of rooms what audits judge, as one account or as the server's administrator. */
export interface RoomReader {
  state(roomId: RoomId, manner: () => Manner): Promise<RoomState>;
  timeline(roomId: RoomId, depth: number, manner: () => Manner): Promise<Timeline>;
}

export const memberReader = (transport: Transport): RoomReader => ({
  async state(roomId, manner) {
    const url = path`/_matrix/client/v3/rooms/${roomId}/state`;
    return parseRoomState(await transport.request("GET", url, manner()), roomId);
  },
  timeline: (roomId, depth, manner) =>
    readTimeline((from, limit) => {
      const url = path`/_matrix/client/v3/rooms/${roomId}/messages`;
      return transport.request("GET", url, { ...manner(), query: { dir: "b", limit, from } });
    }, depth),
});

/** https://element-hq.github.io/synapse/latest/admin_api/rooms.html */
export const adminReader = (transport: Transport): RoomReader => ({
  async state(roomId, manner) {
    const answer = await transport.request("GET", path`/_synapse/admin/v1/rooms/${roomId}/state`, manner());
    return parseRoomState(isObject(answer) ? answer.state : undefined, roomId);
  },
  timeline: (roomId, depth, manner) =>
    readTimeline((from, limit) => {
      const url = path`/_synapse/admin/v1/rooms/${roomId}/messages`;
      return transport.request("GET", url, { ...manner(), query: { dir: "b", limit, from } });
    }, depth),
});

/** https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3directorylistroomroomid */
export async function isListed(transport: Transport, roomId: RoomId, manner: Manner): Promise<boolean> {
  const url = path`/_matrix/client/v3/directory/list/room/${roomId}`;
  const answer = await transport.request("GET", url, manner);
  const visibility = isObject(answer) ? answer.visibility : undefined;
  if (visibility === "public" || visibility === "private") return visibility === "public";
  throw new SottoError("HOMESERVER_ERROR", "the homeserver's answer lacks visibility");
}

/** How long our homeserver waits for others. */
const FEDERATION_MS = 10_000;

/**
 * The keys and identities of users, as the homeserver shows them; nothing is claimed.
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysquery
 *
 * @returns the answer, and the names of homeservers that did not answer ours
 */
export async function publishedKeysOf(
  transport: Transport,
  userIds: readonly UserId[],
  manner: Manner,
): Promise<{ answer: JsonObject; unreachable: Set<string> }> {
  const answer = await transport.request("POST", "/_matrix/client/v3/keys/query", {
    ...manner,
    body: {
      json: { timeout: FEDERATION_MS, device_keys: Object.fromEntries(userIds.map((id) => [id, []])) },
    },
    query: { timeout: FEDERATION_MS },
    idempotent: true,
  });
  if (!isObject(answer) || !isObject(answer.device_keys))
    throw new SottoError("HOMESERVER_ERROR", "the homeserver's answer lacks device_keys");
  return { answer, unreachable: new Set(Object.keys(isObject(answer.failures) ? answer.failures : {})) };
}
