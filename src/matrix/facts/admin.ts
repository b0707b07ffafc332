import { SottoError } from "../../errors.ts";
import type { AccountFacts, DeviceFacts } from "../../model/facts.ts";
import { isMxcUri, isRoomId, type MxcUri, type RoomId, type UserId } from "../../model/ids.ts";
import { adminRefusal } from "../admin-refusal.ts";
import { isObject, isString, type JsonObject, stringsOf } from "../json.ts";
import { path } from "../path.ts";
import type { RequestOptions, Transport } from "../transport.ts";
import { nameOf } from "./event.ts";

const PAGE = 500;

/**
 * Every room that somebody of the homeserver is in, each with whether its public directory shows it. Of the others
 * Synapse keeps no current state.
 * https://element-hq.github.io/synapse/latest/admin_api/rooms.html#list-room-api
 *
 * @throws SottoError `TOKEN_REJECTED` also where the token is not an administrator's
 */
export async function adminRooms(
  transport: Transport,
  manner: () => RequestOptions,
): Promise<Map<RoomId, boolean>> {
  const rooms = new Map<RoomId, boolean>();
  for (let from = 0, seen = 0; ; ) {
    const query = { limit: PAGE, from, order_by: "name" };
    const answer = objectOf(
      await transport.request("GET", "/_synapse/admin/v1/rooms", { ...manner(), query }).catch((thrown) => {
        throw adminRefusal(thrown);
      }),
    );
    if (!Array.isArray(answer.rooms)) throw nonsense("the list of rooms");
    for (const room of answer.rooms as unknown[]) {
      if (!isObject(room) || !isString(room.room_id) || !isRoomId(room.room_id))
        throw nonsense("the list of rooms");
      if (typeof room.public !== "boolean") throw nonsense("the list of rooms");
      if (room.joined_local_members !== 0) rooms.set(room.room_id, room.public);
    }
    seen += answer.rooms.length;
    const { next_batch: next, total_rooms: total } = answer;
    if (typeof next !== "number" || !(next > from) || answer.rooms.length === 0) {
      if (typeof total !== "number" || !(seen >= total)) throw nonsense("the whole list of rooms");
      return rooms;
    }
    from = next;
  }
}

/** https://element-hq.github.io/synapse/latest/admin_api/media_admin_api.html#list-all-media-in-a-room */
export async function adminClearMedia(
  transport: Transport,
  roomId: RoomId,
  request: RequestOptions,
): Promise<MxcUri[]> {
  const url = path`/_synapse/admin/v1/room/${roomId}/media`;
  const { local, remote } = objectOf(await transport.request("GET", url, request));
  if (!Array.isArray(local) || !Array.isArray(remote)) throw nonsense("the list of media");
  return [...new Set(stringsOf([...local, ...remote]))].filter(isMxcUri).sort();
}

/** https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html#query-user-account */
export async function adminAccount(
  transport: Transport,
  userId: UserId,
  request: RequestOptions,
): Promise<AccountFacts> {
  const url = path`/_synapse/admin/v2/users/${userId}`;
  const answer = objectOf(await transport.request("GET", url, request));
  const { admin, deactivated, user_type: type, appservice_id: appservice, creation_ts: createdSec } = answer;
  const createdMs = typeof createdSec === "number" ? createdSec * 1000 : Number.NaN;
  if (answer.name !== userId || !Number.isFinite(createdMs)) throw nonsense("the account");
  return {
    // SQLite has no booleans
    isDeactivated: Boolean(deactivated),
    isAdmin: Boolean(admin),
    userType: isString(type) ? nameOf(type) : null,
    appservice: isString(appservice) ? nameOf(appservice) : null,
    createdMs,
  };
}

/** Every session of a user, those without keys too. */
export async function adminDevices(
  transport: Transport,
  userId: UserId,
  request: RequestOptions,
): Promise<Pick<DeviceFacts, "deviceId" | "displayName" | "lastSeenMs" | "isDehydrated">[]> {
  const url = path`/_synapse/admin/v2/users/${userId}/devices`;
  const { devices } = objectOf(await transport.request("GET", url, request));
  if (!Array.isArray(devices)) throw nonsense("the list of devices");
  return devices.map((device: unknown) => {
    if (!isObject(device) || !isString(device.device_id)) throw nonsense("the list of devices");
    const { display_name: name, last_seen_ts: seen, dehydrated } = device;
    return {
      deviceId: nameOf(device.device_id),
      ...(isString(name) && { displayName: nameOf(name) }),
      ...(Number.isSafeInteger(seen) && { lastSeenMs: seen as number }),
      isDehydrated: dehydrated === true,
    };
  });
}

const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {});
const nonsense = (what: string): SottoError =>
  new SottoError("HOMESERVER_ERROR", `the homeserver's answer is not ${what}`);
