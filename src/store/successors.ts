import type { RoomId } from "../model/ids.ts";
import type { Meta } from "./meta.ts";

/** Which room was accepted in the place of one that was replaced. */
export interface Successors {
  /** Durable when it returns, and for ever. */
  accept(replaced: RoomId, successor: RoomId): void;
  /** The room itself, or the last one that was accepted in its place. */
  current(roomId: RoomId): RoomId;
}

export function createSuccessors(meta: Meta): Successors {
  const next = (roomId: RoomId): RoomId | undefined => meta.read(`successor ${roomId}`);
  return {
    accept: (replaced, successor) => meta.write(`successor ${replaced}`, successor),
    current(roomId) {
      const passed = new Set<RoomId>();
      let current = roomId;
      // rooms that replace one another in a circle lead nowhere
      for (let to = next(current); to !== undefined && !passed.has(to); to = next(current)) {
        passed.add(current);
        current = to;
      }
      return current;
    },
  };
}
