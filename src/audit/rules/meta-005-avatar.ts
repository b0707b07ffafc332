import { curlState } from "../how.ts";
import { defineRule } from "../rule.ts";

export const avatar = defineRule({
  id: "SOTTO-META-005",
  title: "The room shows no picture of itself",
  severity: "info",
  rationale: "A room's picture is never encrypted: whoever runs a homeserver of the room can look at it.",
  how: `${curlState("m.room.avatar")}: "url"`,
  cure: "send m.room.avatar {}: homeservers keep the old picture until its media are deleted",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroomavatar"],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ avatarUrl }) {
    if (avatarUrl === null || avatarUrl === "") return [];
    return [{ result: "warn", message: `the room's picture ${avatarUrl} can be seen by its homeservers` }];
  },
});
