import type { Fact, Facts, UserFacts } from "../../src/model/facts.ts";
import type { RoomFacts } from "../../src/model/room-facts.ts";

// What a test looks for in facts that were collected.

/** What must have been read. */
export function known<T>(fact: Fact<T>): T {
  if ("unread" in fact) throw new Error(fact.unread);
  return fact.value;
}

export const roomOf = ({ rooms }: Facts, id: string): RoomFacts => rooms.find(({ roomId }) => roomId === id)!;

export const userOf = ({ users }: Facts, id: string): UserFacts => users.find(({ userId }) => userId === id)!;
