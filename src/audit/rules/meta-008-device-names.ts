import { policyFor } from "../../model/policy.ts";
import { curlKeys } from "../how.ts";
import { defineRule, type Verdict } from "../rule.ts";
import { named } from "../say.ts";
import { looksLikeTrace, wordsIn } from "../words.ts";

export const deviceNames = defineRule({
  id: "SOTTO-META-008",
  title: "No device's name tells what it should not",
  severity: "low",
  rationale:
    "Everybody who shares a room with a user can read the names of their devices, and other homeservers can, too.",
  how: `${curlKeys}: "unsigned.device_display_name" of each device`,
  cure: 'the user renames the device in the client\'s list of sessions, or PUT /_matrix/client/v3/devices/DEVICE {"display_name": "phone"}',
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3devicesdeviceid",
    "https://element-hq.github.io/synapse/latest/usage/configuration/config_documentation.html#allow_device_name_lookup_over_federation",
  ],
  since: "0.1.0",
  about: "user",
  readsNames: true,
  reads: ({ devices }) => devices,
  check(devices, { policy }, { userId, rooms }) {
    const words = [...new Set(rooms.flatMap((roomId) => policyFor(policy, roomId).words))];
    return devices.flatMap(({ deviceId, displayName = "" }): Verdict[] => {
      const trace = looksLikeTrace(displayName);
      const tells = [
        ...wordsIn(displayName, words),
        ...(trace === undefined ? [] : [`what looks like ${trace}`]),
      ];
      if (tells.length === 0) return [];
      return [
        {
          result: "warn",
          subject: { deviceId },
          message: `the name of ${userId}'s device ${deviceId}, "${displayName}", tells everybody ${named(tells)}`,
          cure: `${userId} renames ${deviceId} in the client's list of sessions, or sends PUT /_matrix/client/v3/devices/${deviceId} {"display_name": "phone"}`,
        },
      ];
    });
  },
});
