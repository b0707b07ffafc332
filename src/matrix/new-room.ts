import type { Content, NewRoom } from "../model/enforcement.ts";
import type { RoomId, UserId } from "../model/ids.ts";
import { isObject, isString, requireString } from "./json.ts";
import type { Transport } from "./transport.ts";

/** Of `m.room.create`, which nobody can change, not even its sender. */
export const MARKER = "alt.sotto.made";

/** Creators stand above the levels from here on, and may not be named in them. */
const CREATORS_SINCE = 12;

/**
 * Makes a room. After a failure it may be there all the same: whoever asks looks before asking again.
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3createroom
 */
export async function createRoom(transport: Transport, room: NewRoom, creator: UserId): Promise<RoomId> {
  const version = await versionFor(transport, room.minVersion);
  const json = bodyOf(room, creator, version);
  const answer = await transport.request("POST", "/_matrix/client/v3/createRoom", { body: { json } });
  return requireString(answer, "room_id");
}

function bodyOf(room: NewRoom, creator: UserId, version: string): Content {
  const { name, topic, predecessor, encryption, powerLevels, isFederated, invite, marker } = room;
  const users = { ...(powerLevels.users as Record<UserId, number>) };
  delete users[creator];
  if (Number(version) < CREATORS_SINCE) users[creator] = Math.max(100, ...Object.values(users));
  const state = (type: string, content: Content): Content => ({ type, state_key: "", content });
  return {
    ...(name !== null && { name }),
    ...(topic !== null && { topic }),
    ...{ preset: "private_chat", visibility: "private", room_version: version, invite },
    creation_content: {
      ...(!isFederated && { "m.federate": false }),
      ...(marker !== undefined && { [MARKER]: marker }),
      ...(predecessor && {
        predecessor: {
          room_id: predecessor.roomId,
          ...(predecessor.eventId !== null && { event_id: predecessor.eventId }),
        },
      }),
    },
    initial_state: [
      ...(encryption ? [state("m.room.encryption", encryption)] : []),
      state("m.room.history_visibility", { history_visibility: room.historyVisibility }),
      state("m.room.join_rules", room.joinRule),
      state("m.room.guest_access", { guest_access: room.guestAccess }),
    ],
    power_level_content_override: { ...powerLevels, users },
  };
}

/** https://spec.matrix.org/v1.19/client-server-api/#mroom_versions-capability */
async function versionFor(transport: Transport, minVersion: number): Promise<string> {
  const answer = await transport.request("GET", "/_matrix/client/v3/capabilities");
  const capabilities = isObject(answer) && isObject(answer.capabilities) ? answer.capabilities : {};
  const versions = capabilities["m.room_versions"];
  const usual = isObject(versions) && isString(versions.default) ? versions.default : "1";
  return Number(usual) < minVersion ? String(minVersion) : usual;
}
