import type { RoomId } from "../model/ids.ts";
import type { JoinRule, RoomFacts } from "../model/room-facts.ts";

export const isThroughRooms = ({ rule }: JoinRule): boolean =>
  rule === "restricted" || rule === "knock_restricted";

/** Rooms through which somebody may come in: those that all may join, and those of which nothing was read. */
export interface Ways {
  open: RoomId[];
  unknown: RoomId[];
}

const indexes = new WeakMap<readonly RoomFacts[], Map<RoomId, RoomFacts>>();

function byId(rooms: readonly RoomFacts[]): Map<RoomId, RoomFacts> {
  const index = indexes.get(rooms) ?? new Map(rooms.map((room) => [room.roomId, room]));
  indexes.set(rooms, index);
  return index;
}

/** A room that is itself restricted is followed to the rooms through which one comes into it. */
export function waysThrough(joinRule: JoinRule, rooms: readonly RoomFacts[]): Ways {
  const known = byId(rooms);
  const seen = new Set<RoomId>();
  const ways: Ways = { open: [], unknown: [] };
  const queue = isThroughRooms(joinRule) ? [...joinRule.allowedRooms] : [];
  for (const roomId of queue) {
    if (seen.has(roomId)) continue;
    seen.add(roomId);
    const state = known.get(roomId)?.state;
    if (state === undefined || "unread" in state) ways.unknown.push(roomId);
    else if (state.value.joinRule.rule === "public") ways.open.push(roomId);
    else if (isThroughRooms(state.value.joinRule)) queue.push(...state.value.joinRule.allowedRooms);
  }
  return ways;
}
