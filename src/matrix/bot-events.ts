import type { DecryptedEvent, RoomEvent } from "../model/event.ts";
import type { EventId, RoomId, UserId } from "../model/ids.ts";
import type { RoomSync, SyncBatch } from "../model/sync.ts";
import { isObject, isString, type JsonObject } from "./json.ts";

/** matrix-bot-sdk's event and its arguments. */
export type BotEvent =
  | readonly [type: "account_data", event: JsonObject]
  | readonly [type: "room.account_data", roomId: RoomId, event: JsonObject]
  | readonly [type: RoomEventName, roomId: RoomId, event: object]
  | readonly [type: "room.failed_decryption", roomId: RoomId, event: object, error: Error];

type RoomEventName =
  | "room.leave"
  | "room.invite"
  | "room.join"
  | "room.encrypted_event"
  | "room.decrypted_event"
  | "room.message"
  | "room.archived"
  | "room.upgraded"
  | "room.event";

/**
 * What became of the timeline's events under the receiving policy, by event ID: the decrypted event, or why there is
 * none. An error for an event that came in clear means that the policy refuses it: the bot does not see it at all.
 */
export type Outcomes = ReadonlyMap<EventId, DecryptedEvent | Error>;

export interface BotEventSource {
  readonly userId: UserId;
  /** The rooms the bot knows it is in; changed as it goes. */
  readonly joinedRooms: Set<RoomId>;
  /** matrix-bot-sdk's preprocessors: may change the event in place. */
  process<T extends object>(event: T): Promise<T>;
}

/** An event without what the homeserver may have written where `trust` stands, which is ours to say. */
export function withoutTrust<T extends object>(event: T): T {
  const { trust: _, ...rest } = event as T & { trust?: unknown };
  return rest as T;
}

/**
 * The events that matrix-bot-sdk 0.8 emits for a sync answer, in its order: account data, rooms left, invitations,
 * rooms joined with their timelines. An encrypted event is told three times: as it came, decrypted, and by its type.
 * One that was decrypted bears `trust`, which says how far its sender is proven; no other event has that field.
 */
export async function* botEvents(
  batch: SyncBatch,
  outcomes: Outcomes,
  { process, ...told }: BotEventSource,
): AsyncGenerator<BotEvent, void> {
  const source = { ...told, process: <T extends object>(event: T) => process(withoutTrust(event)) };
  const accountData = accountDataOf(batch.raw);
  for (const event of accountData.global) yield ["account_data", event];
  for (const room of batch.left) yield* leftRoom(room, accountData.of(room.roomId), source);
  for (const { roomId, state } of batch.invited) {
    const invite = state.findLast((event) => isOwnMembership(event, source.userId, ["invite"]));
    if (invite !== undefined) yield ["room.invite", roomId, await source.process(invite)];
  }
  for (const room of batch.joined) {
    for (const event of accountData.of(room.roomId)) yield ["room.account_data", room.roomId, event];
    for (const event of room.timeline)
      yield* timelineEvent(room.roomId, event, outcomes.get(event.event_id), {
        ...source,
        decrypted: process,
      });
  }
}

async function* leftRoom(
  room: RoomSync,
  accountData: JsonObject[],
  source: BotEventSource,
): AsyncGenerator<BotEvent, void> {
  for (const event of accountData) yield ["room.account_data", room.roomId, event];
  const leave = room.timeline.findLast((event) => isOwnMembership(event, source.userId, ["leave", "ban"]));
  if (leave === undefined) return;
  yield ["room.leave", room.roomId, await source.process(leave)];
  source.joinedRooms.delete(room.roomId);
}

async function* timelineEvent(
  roomId: RoomId,
  received: RoomEvent,
  outcome: DecryptedEvent | Error | undefined,
  source: BotEventSource & { decrypted: BotEventSource["process"] },
): AsyncGenerator<BotEvent, void> {
  const encrypted = received.type === "m.room.encrypted";
  if (!encrypted && outcome instanceof Error) return;
  if (isOwnMembership(received, source.userId, ["join"]) && !source.joinedRooms.has(roomId)) {
    yield ["room.join", roomId, await source.process(received)];
    source.joinedRooms.add(roomId);
  }
  let event = await source.process(received);
  if (encrypted && outcome !== undefined) {
    yield ["room.encrypted_event", roomId, event];
    if (outcome instanceof Error) {
      yield ["room.failed_decryption", roomId, event, outcome];
    } else {
      const { type, content, trust } = outcome;
      event = await source.decrypted({ ...event, type, content, trust });
      yield ["room.decrypted_event", roomId, event];
    }
  }
  if (event.type === "m.room.message") yield ["room.message", roomId, event];
  if (event.type === "m.room.tombstone" && event.state_key === "") yield ["room.archived", roomId, event];
  if (event.type === "m.room.create" && event.state_key === "" && isObject(event.content.predecessor)) {
    yield ["room.upgraded", roomId, event];
  }
  yield ["room.event", roomId, event];
}

function isOwnMembership(event: object, userId: UserId, memberships: readonly string[]): boolean {
  const { type, state_key, content } = event as JsonObject;
  if (type !== "m.room.member" || state_key !== userId || !isObject(content)) return false;
  return isString(content.membership) && memberships.includes(content.membership);
}

/** Account data is no part of what Sotto acts on, so it is read from the server's own JSON. */
function accountDataOf(raw: unknown): { global: JsonObject[]; of(roomId: RoomId): JsonObject[] } {
  const rooms = member(raw, "rooms");
  return {
    global: eventsOf(raw),
    of: (roomId) => [
      ...eventsOf(member(member(rooms, "join"), roomId)),
      ...eventsOf(member(member(rooms, "leave"), roomId)),
    ],
  };
}

const member = (value: unknown, key: string): unknown => (isObject(value) ? value[key] : undefined);

function eventsOf(holder: unknown): JsonObject[] {
  const events = member(member(holder, "account_data"), "events");
  return Array.isArray(events) ? events.filter(isObject) : [];
}
