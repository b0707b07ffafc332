import { defineRule } from "../rule.ts";

export const heldRooms = defineRule({
  id: "SOTTO-OWN-015",
  title: "No room waits for a person",
  severity: "medium",
  rationale:
    "Nothing is sent to a room in which somebody's identity has changed, or whom nobody has accepted, until a person has looked at it.",
  how: "`sotto doctor` (held)",
  cure: "find out what has happened, then `sotto trust accept USER`",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#cross-signing"],
  since: "0.1.0",
  about: "own",
  reads: (own) => ("unread" in own ? own : { value: own.value.held }),
  check(held) {
    return held.map(({ roomId, userId, because }) =>
      because === "identity"
        ? {
            result: "fail",
            subject: { roomId, userId },
            message: `nothing is sent to this room: the identity of ${userId} has changed`,
            cure: `ask ${userId} by another way, then \`sotto trust accept ${userId}\``,
          }
        : {
            result: "fail",
            subject: { roomId, userId },
            message: `nothing is sent to this room: ${userId} is new there and was not accepted`,
            cure: `find out who has let ${userId} in, then \`sotto trust accept ${userId} --room ${roomId}\``,
          },
    );
  },
});
