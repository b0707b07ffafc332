import { curlState } from "../how.ts";
import { neededForMessage } from "../powers.ts";
import { defineRule } from "../rule.ts";

export const clearIsEasier = defineRule({
  id: "SOTTO-ACC-017",
  title: "Nobody may speak in clear who may not speak encrypted",
  severity: "high",
  rationale:
    "To the homeserver an encrypted message is an m.room.encrypted: where that takes a higher level than m.room.message, members can only speak in clear.",
  how: `${curlState("m.room.power_levels")}: events["m.room.encrypted"] is not above events["m.room.message"]; "events_default", else 0, where one is missing`,
  cure: 'in m.room.power_levels set events["m.room.encrypted"] to the level of m.room.message, or that to its own, and keep the rest as it is',
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels",
    "https://spec.matrix.org/v1.19/client-server-api/#mroomencrypted",
  ],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ encryption, powerLevels }) {
    if (encryption === null)
      return [{ result: "not-applicable", message: "the room is not encrypted: SOTTO-ENC-001 says so" }];
    const encrypted = neededForMessage(powerLevels, "m.room.encrypted");
    const clear = neededForMessage(powerLevels, "m.room.message");
    if (encrypted <= clear) return [];
    return [
      {
        result: "fail",
        message: `whoever stands below level ${encrypted} and at ${clear} or above can speak in clear only`,
        cure: `in m.room.power_levels set events["m.room.message"] to ${encrypted}, or events["m.room.encrypted"] to ${clear}, and keep the rest as it is`,
      },
    ];
  },
});
