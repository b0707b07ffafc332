import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";

export const federatedDeviceNames = defineRule({
  id: "SOTTO-SRV-029",
  title: "Other homeservers are not told the names of devices",
  severity: "low",
  rationale: "Device names often say what somebody uses, and where.",
  how: "`grep allow_device_name_lookup_over_federation homeserver.yaml` (absent: false)",
  cure: "set `allow_device_name_lookup_over_federation: false` in homeserver.yaml and restart Synapse; what others have been told, they keep",
  references: [manual("allow_device_name_lookup_over_federation")],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ areDeviceNamesFederated }) {
    return areDeviceNamesFederated
      ? [{ result: "warn", message: "other homeservers are told the names of devices" }]
      : [];
  },
});
