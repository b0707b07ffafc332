import { any, manual } from "../known.ts";
import { defineRule } from "../rule.ts";

export const federation = defineRule({
  id: "SOTTO-SRV-013",
  title: "The homeserver talks to no other where rooms are local",
  severity: "medium",
  rationale:
    "Rooms that the policy wants local lie on a homeserver that others can ask: one wrong setting in a room, and its history is copied to them.",
  how: '`curl "$HS/_matrix/federation/v1/version"` (404: it does not answer other homeservers here); `grep -A3 federation_domain_whitelist homeserver.yaml`',
  cure: "set `federation_domain_whitelist: []` in homeserver.yaml, take `federation` out of the `resources` of its listeners, and restart Synapse: rooms shared with others then get nothing from them any more",
  references: [manual("federation_domain_whitelist")],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ outside, config }) => any(outside.isFederating, config),
  check([isFederating, config], { policy }, { config: file }) {
    if (policy.rooms.federated)
      return [{ result: "not-applicable", message: "the policy allows rooms with other homeservers" }];
    const domains = config?.federationDomains;
    if (domains?.length === 0) return [];
    if (domains) return [{ result: "fail", message: `the homeserver federates with ${domains.join(", ")}` }];
    if (config) return [{ result: "fail", message: "the homeserver federates with every other" }];
    if (isFederating) return [{ result: "fail", message: "the homeserver answers other homeservers" }];
    return [
      {
        result: "not-checked",
        message:
          "the homeserver does not answer others at this address, and may at another: only homeserver.yaml tells",
        ...("notAsked" in file && { notAsked: true }),
      },
    ];
  },
});
