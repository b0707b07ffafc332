import { manual } from "../known.ts";
import { isReachable } from "../listeners.ts";
import { defineRule } from "../rule.ts";

const INNER = new Set(["manhole", "replication", "metrics"]);

export const innerListener = defineRule({
  id: "SOTTO-SRV-033",
  title: "What is not for clients is not open",
  severity: "high",
  rationale:
    "The manhole runs any Python inside Synapse, replication takes any worker's word, metrics tell who is busy: none of them asks who calls.",
  how: "`grep -A8 '^listeners:' homeserver.yaml` (bind_addresses absent: every address)",
  cure: "set `bind_addresses: ['127.0.0.1', '::1']` for the listener in homeserver.yaml and restart Synapse; let only workers and the monitoring reach it",
  references: [manual("listeners"), "https://element-hq.github.io/synapse/latest/manhole.html"],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ listeners }) {
    const open = listeners
      .filter(isReachable)
      .flatMap(({ port, resources, bindAddresses }) =>
        resources
          .filter((resource) => INNER.has(resource))
          .map((resource) => ({ resource, where: `port ${port} of ${bindAddresses.join(", ")}` })),
      );
    if (open.length === 0) return [];
    const isMild = open.every(({ resource }) => resource === "metrics");
    return [
      {
        result: "fail",
        ...(isMild && { severity: "low" }),
        message: open.map(({ resource, where }) => `${resource} is open at ${where}`).join("; "),
      },
    ];
  },
});
