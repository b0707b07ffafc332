import { SottoError } from "../../errors.ts";
import type { RoomEvent } from "../../model/event.ts";
import { isRoomId, type RoomId } from "../../model/ids.ts";
import type { Creation, EncryptionSetting, RoomMember, RoomState, Widget } from "../../model/room-facts.ts";
import { isObject, isString, type JsonObject, stringsOf } from "../json.ts";
import { parseBridges } from "./bridges.ts";
import { eventsOf, isAnyUserId, nameOf, textOf, timeOf } from "./event.ts";
import { parsePowerLevels } from "./power-levels.ts";

/** The first with creators above every power level. https://spec.matrix.org/v1.19/rooms/v12/ */
const CREATORS_SINCE = 12;
/** So many names of a list are kept. */
const MAX_NAMES = 1_000;
/** Larger than any setting that means something. */
const MAX_VALUE = 255;
const WIDGET_TYPES = new Set(["im.vector.modular.widgets", "m.widget"]);

/**
 * The answer of `/rooms/{roomId}/state`, a list of events. What people wrote is read as clients read it, defaults where
 * the spec has them; what the homeserver itself must keep to is required.
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidstate
 *
 * @throws SottoError `HOMESERVER_ERROR`
 */
export function parseRoomState(answer: unknown, roomId: RoomId): RoomState {
  const events = eventsOf(answer).filter(({ state_key }) => isString(state_key));
  requireOnce(events);
  const byType = new Map(
    events.filter(({ state_key }) => state_key === "").map((event) => [event.type, event]),
  );
  const contentOf = (type: string): JsonObject => byType.get(type)?.content ?? {};
  const created = byType.get("m.room.create");
  if (!created) throw new SottoError("HOMESERVER_ERROR", "the homeserver's answer lacks the room's creation");
  const create = creation(created, roomId);
  const members = events.filter(({ type }) => type === "m.room.member").flatMap(memberOf);
  const { join_rule: rule, allow } = contentOf("m.room.join_rules");
  const { alias, alt_aliases: alternatives } = contentOf("m.room.canonical_alias");
  const visibility = contentOf("m.room.history_visibility").history_visibility;
  const guests = contentOf("m.room.guest_access").guest_access;
  const acl = byType.get("m.room.server_acl")?.content;
  return {
    create,
    encryption: encryptionOf(byType.get("m.room.encryption")),
    historyVisibility: wordOf(visibility, "shared"),
    guestAccess: wordOf(guests, "forbidden"),
    joinRule: { rule: wordOf(rule, "invite"), allowedRooms: allowedRooms(allow) },
    powerLevels: parsePowerLevels(byType.get("m.room.power_levels")?.content, create),
    name: textOf(contentOf("m.room.name").name),
    topic: topicOf(contentOf("m.room.topic")),
    avatarUrl: textOf(contentOf("m.room.avatar").url),
    aliases: namesOf([alias, ...(Array.isArray(alternatives) ? alternatives : [])]),
    tombstone: tombstoneOf(byType.get("m.room.tombstone")),
    retention: retentionOf(byType.get("m.room.retention")),
    serverAcl: acl === undefined ? null : { allow: namesOf(acl.allow), deny: namesOf(acl.deny) },
    widgets: events.filter(({ type }) => WIDGET_TYPES.has(type)).flatMap(widgetOf),
    bridges: parseBridges(
      events,
      members.filter(({ membership }) => membership !== "knock").map(({ userId }) => userId),
    ),
    members,
  };
}

/** Of two events in one place nobody can say which holds. */
function requireOnce(events: readonly RoomEvent[]): void {
  const places = new Set(events.map(({ type, state_key }) => JSON.stringify([type, state_key])));
  if (places.size < events.length)
    throw new SottoError("HOMESERVER_ERROR", "the homeserver gave a state event twice");
}

function creation(event: RoomEvent, roomId: RoomId): Creation {
  const { room_version, additional_creators, predecessor, type } = event.content;
  const version = wordOf(room_version, "1");
  // whoever runs an unknown version runs one that is newer than those with a server's name in the room's ID
  const hasCreators = Number.isNaN(Number(version))
    ? !roomId.includes(":")
    : Number(version) >= CREATORS_SINCE;
  const previous = isObject(predecessor) ? predecessor.room_id : undefined;
  return {
    sender: event.sender,
    sentMs: timeOf(event),
    version,
    privilegedCreators: hasCreators
      ? [...new Set([event.sender, ...namesOf(additional_creators).filter(isAnyUserId)])]
      : [],
    isFederated: event.content["m.federate"] !== false,
    type: textOf(type),
    predecessor: isString(previous) && isRoomId(previous) ? previous : null,
  };
}

function encryptionOf(event: RoomEvent | undefined): EncryptionSetting | null {
  if (!event) return null;
  const { algorithm, rotation_period_ms, rotation_period_msgs } = event.content;
  return {
    algorithm: asItStands(algorithm),
    rotationPeriodMs: asItStands(rotation_period_ms),
    rotationPeriodMsgs: asItStands(rotation_period_msgs),
    eventId: event.event_id,
    sender: event.sender,
    sentMs: timeOf(event),
  };
}

/** What is no text is no word that anybody knows: it must not look as if nothing was said. */
const wordOf = (value: unknown, otherwise: string): string =>
  value === undefined ? otherwise : nameOf(isString(value) ? value : JSON.stringify(value));

/** Whatever it is: a list or an object as JSON, and not more of it than a report shows. */
function asItStands(value: unknown): unknown {
  if (isString(value)) return nameOf(value);
  if (typeof value !== "object" || value === null) return value;
  const json = JSON.stringify(value);
  return json.length <= MAX_VALUE ? value : nameOf(json);
}

/** https://spec.matrix.org/v1.19/client-server-api/#mroomtopic: newer clients write it a second time. */
function topicOf({ topic, "m.topic": rich }: JsonObject): string | null {
  const texts = isObject(rich) && Array.isArray(rich["m.text"]) ? rich["m.text"] : [];
  const bodies = texts.flatMap((text: unknown) => (isObject(text) && isString(text.body) ? [text.body] : []));
  return textOf(topic) ?? textOf(bodies[0]);
}

function memberOf(event: RoomEvent): RoomMember[] {
  const { state_key: userId = "", content } = event;
  const { membership, displayname } = content;
  if (membership !== "join" && membership !== "invite" && membership !== "knock") return [];
  if (!isAnyUserId(userId))
    throw new SottoError("HOMESERVER_ERROR", "the homeserver shows a member that is no user");
  const displayName = isString(displayname) ? nameOf(displayname) : undefined;
  return [{ userId, membership, ...(displayName !== undefined && { displayName }), sinceMs: timeOf(event) }];
}

function tombstoneOf(event: RoomEvent | undefined): RoomState["tombstone"] {
  if (!event) return null;
  const next = event.content.replacement_room;
  return { successor: isString(next) && isRoomId(next) ? next : null, sender: event.sender };
}

/** https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/1763-configurable-retention-periods.md */
function retentionOf(event: RoomEvent | undefined): RoomState["retention"] {
  if (!event) return null;
  const { min_lifetime: min, max_lifetime: max } = event.content;
  return {
    ...(isLifetime(min) && { minLifetimeMs: min }),
    ...(isLifetime(max) && { maxLifetimeMs: max }),
  };
}

const isLifetime = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** One that was taken away has an empty content. */
function widgetOf({ state_key: stateKey = "", content, sender }: RoomEvent): Widget[] {
  if (Object.keys(content).length === 0) return [];
  const { type, name, url } = content;
  return [{ stateKey: nameOf(stateKey), type: textOf(type), name: textOf(name), url: textOf(url), sender }];
}

const allowedRooms = (allow: unknown): RoomId[] =>
  (Array.isArray(allow) ? allow : [])
    .flatMap((condition: unknown) =>
      isObject(condition) && isString(condition.room_id) && isRoomId(condition.room_id)
        ? [condition.room_id]
        : [],
    )
    .slice(0, MAX_NAMES);

const namesOf = (value: unknown): string[] =>
  stringsOf(value)
    .filter((name) => name !== "")
    .slice(0, MAX_NAMES)
    .map(nameOf);
