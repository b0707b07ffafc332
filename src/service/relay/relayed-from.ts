import type { EventId, RoomId } from "../../model/ids.ts";

/** The event of another room that a job was made of; undefined for what a connector or a command brought. */
export function relayedFrom(source: string | undefined): { roomId: RoomId; eventId: EventId } | undefined {
  const [, roomId, eventId] = /^(!.*)\/(\$.*)$/s.exec(source ?? "") ?? [];
  return roomId === undefined || eventId === undefined ? undefined : { roomId, eventId };
}
