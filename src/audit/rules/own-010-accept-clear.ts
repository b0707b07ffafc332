import { defineRule } from "../rule.ts";

export const acceptClear = defineRule({
  id: "SOTTO-OWN-010",
  title: "No message is taken from a room without encryption",
  severity: "medium",
  rationale:
    "Whoever runs a homeserver in such a room can read every message, and forge one in anybody's name.",
  how: "`sotto config show`, or `grep -n acceptClear sotto.yaml`",
  cure: "turn encryption on in the room, which cannot be undone, then take `acceptClear` out of sotto.yaml and restart Sotto",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroomencryption"],
  since: "0.1.0",
  about: "own",
  reads: (own) => ("unread" in own ? own : { value: own.value.settings }),
  check({ rooms }) {
    return Object.entries(rooms)
      .filter(([, { acceptClear }]) => acceptClear === true)
      .map(([roomId]) => ({
        result: "fail",
        message: "clear voice messages of this room are handed on",
        subject: { roomId },
      }));
  },
});
