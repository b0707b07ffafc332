import { isOwnAddress } from "../known.ts";
import { all, defineRule } from "../rule.ts";

export const adminApi = defineRule({
  id: "SOTTO-SRV-016",
  title: "The admin API is not reached from outside",
  severity: "high",
  rationale:
    "With one stolen token of an admin, whoever reaches the admin API reads every room's state, takes over accounts and adds devices to them.",
  how: '`curl -i "$HS/_synapse/admin/v1/server_version"` from outside (200 or 401: it answers)',
  cure: "let the reverse proxy pass on `/_matrix` and `/_synapse/client` only (nginx: `location ~ ^(/_matrix|/_synapse/client)`), and reach `/_synapse/admin` at the loopback address",
  references: ["https://element-hq.github.io/synapse/latest/reverse_proxy.html"],
  since: "0.1.0",
  about: "homeserver",
  readsNames: true,
  reads: ({ publicUrl, outside }) => all(publicUrl, outside.isAdminApiExposed),
  check([url, isExposed]) {
    if (isOwnAddress(url))
      return [{ result: "not-applicable", message: "the homeserver is for this machine only" }];
    return isExposed ? [{ result: "fail", message: `the admin API answers at ${url}` }] : [];
  },
});
