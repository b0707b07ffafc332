import type { Fact, UserFacts } from "../../model/facts.ts";
import { curlKeys } from "../how.ts";
import { before, deviceName, endDevice, withKeys } from "../people.ts";
import { all, type Context, defineRule } from "../rule.ts";
import { day } from "../say.ts";

/** Null: there was no last audit, or the user was not in it. */
const known = (context: Context, { userId }: UserFacts): Fact<UserFacts["devices"] | null> => ({
  value: before(context, userId)?.devices ?? null,
});

export const newDevice = defineRule({
  id: "SOTTO-DEV-006",
  title: "The user has no device that the last audit did not see",
  severity: "low",
  rationale:
    "A new device is how somebody comes in who got hold of a password: the user knows best whether it is theirs.",
  how: `${curlKeys}: compare "device_keys" with those that \`sotto audit --save-facts\` kept`,
  cure: "ask the user, by another way than Matrix, whether they logged in; if not, they log the device out and change their password",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysquery"],
  since: "0.1.0",
  about: "user",
  reads: (user, context) => all(user.devices, known(context, user)),
  check([devices, last], { previous }, { userId }) {
    if (last === null)
      return [{ result: "not-applicable", message: "there was no audit of this user before" }];
    if ("unread" in last)
      return [
        {
          result: "not-checked",
          message: `the last audit could not read the devices: ${last.unread}`,
          ...(last.notAsked && { notAsked: true as const }),
        },
      ];
    const old = new Set(withKeys(last.value).map(({ deviceId }) => deviceId));
    return withKeys(devices)
      .filter(({ deviceId }) => !old.has(deviceId))
      .map((device) => ({
        result: "warn",
        subject: { deviceId: device.deviceId },
        message: `${userId} has a new device since ${day(previous!.collectedMs)}: ${deviceName(device)}`,
        cure: `ask ${userId}, by another way than Matrix, whether they logged in as ${device.deviceId}; if not: ${endDevice(userId, device.deviceId)}, and a new password`,
      }));
  },
});
