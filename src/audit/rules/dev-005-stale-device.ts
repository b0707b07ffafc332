import { curlAdmin } from "../how.ts";
import { deviceName, endDevice, withKeys } from "../people.ts";
import { defineRule, type Verdict } from "../rule.ts";
import { named, span } from "../say.ts";

export const staleDevice = defineRule({
  id: "SOTTO-DEV-005",
  title: "No device has been idle for longer than the policy says",
  severity: "medium",
  rationale:
    "A device that nobody uses still gets every key, and nobody notices when it is lost, sold or broken into.",
  how: `${curlAdmin("v2/users/$USER/devices")}: "last_seen_ts"`,
  cure: 'the user logs the device out; or POST /_synapse/admin/v2/users/$USER/delete_devices {"devices": ["DEVICE"]}, which loses what only it could read',
  references: ["https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html#list-all-devices"],
  since: "0.1.0",
  about: "user",
  reads: ({ devices }) => devices,
  check(devices, { facts, policy }, { userId }): Verdict[] {
    const idleMs = (lastSeenMs: number | undefined): number =>
      facts.collectedMs - (lastSeenMs ?? facts.collectedMs);
    const stale: Verdict[] = withKeys(devices)
      .filter(({ lastSeenMs }) => idleMs(lastSeenMs) > policy.people.staleAfterMs)
      .map((device) => ({
        result: "warn",
        subject: { deviceId: device.deviceId },
        message: `${userId}'s device ${deviceName(device)} was last seen ${span(idleMs(device.lastSeenMs))} ago`,
        cure: `${userId} logs ${device.deviceId} out; or ${endDevice(userId, device.deviceId)}, which loses what only it could read`,
      }));
    const unseen = withKeys(devices).filter(({ lastSeenMs }) => lastSeenMs === undefined);
    if (unseen.length === 0) return stale;
    const message = `nothing says when ${named(unseen.map(({ deviceId }) => deviceId))} of ${userId} was last seen: only the admin API of the user's homeserver does`;
    return [...stale, { result: "not-checked", message, notAsked: true }];
  },
});
