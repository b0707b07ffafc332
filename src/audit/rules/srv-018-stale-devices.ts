import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";
import { span } from "../say.ts";

export const staleDevices = defineRule({
  id: "SOTTO-SRV-018",
  title: "Devices that rest are not deleted",
  severity: "medium",
  rationale:
    "A bot or a spare phone that was away too long loses its device, with every key that was meant for it; our own device goes the same way.",
  how: "`grep delete_stale_devices_after homeserver.yaml` (absent: never)",
  cure: "take `delete_stale_devices_after` out of homeserver.yaml and restart Synapse, or never let Sotto rest for so long; a deleted device does not come back",
  references: [manual("delete_stale_devices_after")],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ deleteStaleDevicesAfterMs: afterMs }) {
    if (afterMs === null) return [];
    return [
      {
        result: "warn",
        message: `the homeserver deletes devices that were not used for ${span(afterMs)}, bots among them`,
      },
    ];
  },
});
