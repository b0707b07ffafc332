import { curlKeys } from "../how.ts";
import { deviceName, endDevice } from "../people.ts";
import { defineRule } from "../rule.ts";

export const notSelfSigned = defineRule({
  id: "SOTTO-DEV-004",
  title: "Each device has signed its own keys",
  severity: "high",
  rationale:
    "Keys without their own device's signature were not put there by a client: only the homeserver, or somebody with its database, can do that.",
  how: `${curlKeys}: each of "device_keys" has a signature by its own ed25519 key`,
  cure: 'POST /_synapse/admin/v2/users/$USER/delete_devices {"devices": ["DEVICE"]}, and ask the administrator of the user\'s homeserver where it came from',
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#device-keys",
    "https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html#delete-multiple-devices",
  ],
  since: "0.1.0",
  about: "user",
  reads: ({ devices }) => devices,
  check: (devices, _context, { userId }) =>
    devices
      .filter(({ keys, isSelfSigned }) => keys !== undefined && !isSelfSigned)
      .map((device) => ({
        result: "fail",
        subject: { deviceId: device.deviceId },
        message: `the keys of ${userId}'s device ${deviceName(device)} are not signed by that device: no client made them`,
        cure: `${endDevice(userId, device.deviceId)}, and ask the administrator of the user's homeserver where it came from`,
      })),
});
