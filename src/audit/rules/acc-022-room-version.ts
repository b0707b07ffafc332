import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { defineRule } from "../rule.ts";

export const roomVersion = defineRule({
  id: "SOTTO-ACC-022",
  title: "The room's version is as new as the policy says",
  severity: "medium",
  rationale:
    "Old versions sign and resolve state in ways that have been attacked: what was forbidden can come back into force.",
  how: `${curlState("m.room.create")}: "room_version", 1 where it is missing`,
  cure: "replace the room (`sotto enforce plan`): a room keeps its version",
  references: ["https://spec.matrix.org/v1.19/rooms/"],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ create: { version } }, { policy }, { roomId }) {
    if (!/^[1-9]\d{0,3}$/.test(version))
      return [
        {
          result: "warn",
          message: `the room's version is "${version}", which the spec does not know: nobody can say what its rules are`,
        },
      ];
    const { minVersion } = policyFor(policy, roomId);
    if (Number(version) >= minVersion) return [];
    return [
      { result: "fail", message: `the room's version is ${version}, and the policy asks for ${minVersion}` },
    ];
  },
});
