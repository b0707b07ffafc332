import type { RoomId } from "../model/ids.ts";
import type { Meta } from "./meta.ts";

/** A room that is to be made once: what it is known by, and which it is. */
export interface MadeRoom {
  /** Stands in the room's creation, and in no other room's of ours. */
  marker: string;
  /** Undefined until the homeserver has said it. */
  roomId: RoomId | undefined;
}

/** Rooms that are made once, however often that is tried. Every call is durable when it returns. */
export interface MadeRooms {
  get(key: string): MadeRoom | undefined;
  /** Of what was begun, or made; `prefix` begins each. */
  keys(prefix: string): string[];
  /** Before the homeserver is asked. */
  begin(key: string, marker: string): void;
  made(key: string, room: { marker: string; roomId: RoomId }): void;
  /** The same key means another room from now on. */
  forget(key: string): void;
}

export function createMadeRooms(meta: Meta): MadeRooms {
  const place = "made room ";
  const write = (key: string, room: Partial<MadeRoom>): void =>
    meta.write(`${place}${key}`, JSON.stringify(room));
  return {
    get(key) {
      const kept = meta.read(`${place}${key}`);
      if (!kept) return undefined;
      const { marker, roomId } = JSON.parse(kept) as MadeRoom;
      return { marker, roomId };
    },
    keys: (prefix) =>
      meta
        .names(`${place}${prefix}`)
        .filter((name) => meta.read(name))
        .map((name) => name.slice(place.length)),
    begin: (key, marker) => write(key, { marker }),
    made: (key, { marker, roomId }) => write(key, { marker, roomId }),
    forget: (key) => meta.write(`${place}${key}`, ""),
  };
}
