import { curlKeys } from "../how.ts";
import { deviceName, isBot, readKeys, unsigned } from "../people.ts";
import { defineRule } from "../rule.ts";

export const unsignedDevice = defineRule({
  id: "SOTTO-DEV-002",
  title: "The user has signed each of their devices",
  severity: "high",
  rationale:
    "A device that its owner has not signed may be anybody's: the homeserver can add one to an account, and clients that share with it let it read along.",
  how: `${curlKeys}: each of "device_keys" has a signature by the key of "self_signing_keys"`,
  cure: "the user verifies the device from another of theirs, or logs it out",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#cross-signing",
    "https://github.com/matrix-org/matrix-spec-proposals/pull/4153",
  ],
  since: "0.1.0",
  about: "user",
  reads: readKeys,
  check([identity, devices], { policy }, user) {
    if (policy.people.unsignedDevices)
      return [{ result: "not-applicable", message: "the policy accepts unsigned devices" }];
    if (identity === null && policy.people.crossSigned)
      return [{ result: "not-applicable", message: "nobody can sign them: SOTTO-DEV-001 says so" }];
    if (identity?.isConsistent === false)
      return [{ result: "not-applicable", message: "the identity is broken: SOTTO-DEV-003 says so" }];
    if (isBot(user)) return [{ result: "not-applicable", message: "a bot: SOTTO-DEV-012 judges it" }];
    return unsigned(devices).map((device) => ({
      result: "fail",
      subject: { deviceId: device.deviceId },
      message: `${user.userId} has not signed their device ${deviceName(device)}`,
      cure: `${user.userId} verifies ${device.deviceId} from another device of theirs, or logs it out`,
    }));
  },
});
