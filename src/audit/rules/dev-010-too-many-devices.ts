import { curlKeys } from "../how.ts";
import { withKeys } from "../people.ts";
import { defineRule } from "../rule.ts";

export const tooManyDevices = defineRule({
  id: "SOTTO-DEV-010",
  title: "The user has no more devices than the policy allows",
  severity: "low",
  rationale:
    "Each device gets every key, and is one more to lose; a client that logs in anew at each start leaves a trail of them.",
  how: `${curlKeys}: count "device_keys"`,
  cure: "the user logs out those that they do not use, in the client's list of sessions",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#device-management"],
  since: "0.1.0",
  about: "user",
  reads: ({ devices }) => devices,
  check(devices, { policy }, { userId }) {
    const count = withKeys(devices).length;
    if (count <= policy.people.maxDevices) return [];
    return [
      {
        result: "fail",
        message: `${userId} has ${count} devices, and the policy allows ${policy.people.maxDevices}`,
      },
    ];
  },
});
