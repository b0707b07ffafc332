import { curlKeys } from "../how.ts";
import { deviceName, isBot, readKeys, unsigned } from "../people.ts";
import { defineRule } from "../rule.ts";
import { day } from "../say.ts";

export const unsignedBot = defineRule({
  id: "SOTTO-DEV-012",
  title: "Bots and bridges have signed their devices",
  severity: "medium",
  rationale:
    "Nobody looks at a bot's sessions: a foreign one stays unseen, and clients that share with signed devices only will cut the bot off.",
  how: `${curlKeys}: each of "device_keys" has a signature by the key of "self_signing_keys"`,
  cure: "give the bot its recovery key, so that it signs itself (mautrix: encryption.self_sign: true, then restart), or log the old device out",
  references: [
    "https://github.com/matrix-org/matrix-spec-proposals/pull/4153",
    "https://docs.mau.fi/bridges/general/end-to-bridge-encryption.html",
  ],
  since: "0.1.0",
  about: "user",
  reads: readKeys,
  check([identity, devices], { policy }, user) {
    if (!isBot(user)) return [{ result: "not-applicable", message: "nothing says that this is a bot" }];
    if (policy.people.unsignedDevices)
      return [{ result: "not-applicable", message: "the policy accepts unsigned devices" }];
    if (identity === null && policy.people.crossSigned)
      return [{ result: "not-applicable", message: "nobody can sign them: SOTTO-DEV-001 says so" }];
    if (identity?.isConsistent === false)
      return [{ result: "not-applicable", message: "the identity is broken: SOTTO-DEV-003 says so" }];
    const since = "value" in user.account ? ` (an account of ${day(user.account.value.createdMs)})` : "";
    return unsigned(devices).map((device) => ({
      result: "fail",
      subject: { deviceId: device.deviceId },
      message: `the bot ${user.userId}${since} has not signed its device ${deviceName(device)}`,
      cure: `give ${user.userId} its recovery key, so that it signs ${device.deviceId} itself (mautrix: encryption.self_sign: true, then restart), or log the device out`,
    }));
  },
});
