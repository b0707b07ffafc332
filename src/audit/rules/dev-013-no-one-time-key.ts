import { curlAdmin } from "../how.ts";
import { defineRule } from "../rule.ts";
import { named } from "../say.ts";
import { withheldFrom } from "../withheld.ts";

export const noOneTimeKey = defineRule({
  id: "SOTTO-DEV-013",
  title: "Each device had a one-time key when we asked for one",
  severity: "low",
  rationale:
    "A device without one cannot be sent a room key: its owner sees messages that they cannot read, and nobody tells them why.",
  how: `\`sotto why\` of a message shows m.no_olm for the device; the audit claims none, since that would use one up. Of one's own: ${curlAdmin("v2/users/$USER/devices")}`,
  cure: "the user starts the device while it is online, which uploads new keys; if it stays so, they log it out and in again",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#mroom_keywithheld",
    "https://spec.matrix.org/v1.19/client-server-api/#one-time-and-fallback-keys",
  ],
  since: "0.1.0",
  about: "user",
  reads: (user, { facts }) => withheldFrom(user, facts, (code) => code === "m.no_olm"),
  check: (withheld, _context, { userId }) =>
    withheld.map(({ deviceId, rooms }) => ({
      result: "warn",
      ...(deviceId !== null && { subject: { deviceId } }),
      message: `${deviceId === null ? `the devices of ${userId}` : `${userId}'s device ${deviceId}`} had no one-time key when we asked for one, and cannot read what we said since in ${named(rooms)}`,
      cure: `${userId} starts ${deviceId ?? "their devices"} while online, which uploads new keys; if it stays so, they log out and in again`,
    })),
});
