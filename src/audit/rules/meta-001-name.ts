import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { defineRule } from "../rule.ts";
import { named } from "../say.ts";
import { wordsIn } from "../words.ts";

export const roomName = defineRule({
  id: "SOTTO-META-001",
  title: "The room's name holds none of the policy's words",
  severity: "low",
  rationale:
    "A room's name is never encrypted: every homeserver of the room, and whoever is invited, can read it.",
  how: `${curlState("m.room.name")}: compare with the policy's rooms.words, whatever the case`,
  cure: 'send m.room.name {"name": "a name that tells nothing"}: homeservers keep the old one',
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroomname"],
  since: "0.1.0",
  about: "room",
  readsNames: true,
  reads: ({ state }) => state,
  check({ name }, { policy }, { roomId }) {
    const { words } = policyFor(policy, roomId);
    if (words.length === 0) return [{ result: "not-applicable", message: "the policy lists no words" }];
    const found = wordsIn(name ?? "", words);
    if (found.length === 0) return [];
    return [
      {
        result: "fail",
        message: `the room's name "${name}" can be read by homeservers, and says ${named(found)}`,
      },
    ];
  },
});
