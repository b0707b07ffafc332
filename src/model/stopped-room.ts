import type { RoomId } from "./ids.ts";

/** Why nothing goes into a room: a person has evacuated it, or it has fallen below the policy. */
export type StopReason = "evacuated" | "policy";

/** A room that gets nothing from us until what has stopped it is lifted. It may be stopped for both reasons. */
export interface StoppedRoom {
  roomId: RoomId;
  because: StopReason;
  /** What happened, in a sentence. */
  message: string;
  /** How it can be lifted. */
  cure: string;
  /** Milliseconds since the epoch. */
  sinceMs: number;
}
