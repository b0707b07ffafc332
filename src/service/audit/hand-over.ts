import { SottoError } from "../../errors.ts";
import type { Facts, UserFacts } from "../../model/facts.ts";
import type { RoomFacts } from "../../model/room-facts.ts";
import type { Call } from "../operations.ts";

/** Facts of a thousand rooms are longer than a message on the control socket may be. */
const PIECE = 1_000_000;

/** One line each: what is neither room nor user, then every room, then every user. */
type Line = { head: Facts } | { room: RoomFacts } | { user: UserFacts };

/** The facts as JSON lines, cut anywhere. */
export function* piecesOf(facts: Facts): Generator<string> {
  let text = "";
  for (const line of linesOf(facts)) {
    text += `${JSON.stringify(line)}\n`;
    for (; text.length >= PIECE; text = text.slice(PIECE)) yield text.slice(0, PIECE);
  }
  if (text !== "") yield text;
}

function* linesOf({ rooms, users, ...head }: Facts): Generator<Line> {
  yield { head: { ...head, rooms: [], users: [] } };
  for (const room of rooms) yield { room };
  for (const user of users) yield { user };
}

/**
 * For a command that performs `audit-facts`: what it gives as `emit`, and the facts, out of the operation's result or
 * out of what was emitted.
 */
export function gatherFacts(): { emit: Call["emit"]; factsOf(result: unknown): Facts } {
  let facts: Facts | undefined;
  let rest = "";
  const take = (text: string): void => {
    const line = JSON.parse(text) as Line;
    if ("head" in line) facts = line.head;
    else if ("room" in line) facts?.rooms.push(line.room);
    else facts?.users.push(line.user);
  };
  return {
    async emit(message) {
      if (message.kind !== "facts") return;
      const lines = (rest + message.text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) take(line);
    },
    factsOf(result) {
      const whole = (result as Facts | null) ?? facts;
      if (whole && rest === "") return whole;
      throw new SottoError("INTERNAL", "the facts have not come whole");
    },
  };
}
