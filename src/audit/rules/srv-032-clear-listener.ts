import { manual } from "../known.ts";
import { isReachable } from "../listeners.ts";
import { defineRule } from "../rule.ts";

export const clearListener = defineRule({
  id: "SOTTO-SRV-032",
  title: "No port for clients is open without TLS",
  severity: "medium",
  rationale: "A reverse proxy with TLS helps nobody who comes in beside it.",
  how: "`grep -A8 '^listeners:' homeserver.yaml` (bind_addresses absent: every address), then `curl \"http://PUBLIC-ADDRESS:PORT/_matrix/client/versions\"` from outside",
  cure: "set `bind_addresses: ['127.0.0.1', '::1']` for the listener in homeserver.yaml and restart Synapse; in a container, publish the port to the loopback address only",
  references: [manual("listeners")],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ listeners }) {
    const open = listeners
      .filter((listener) => !listener.isTls && isReachable(listener))
      .filter(({ resources }) => resources.includes("client") || resources.includes("federation"))
      .map(
        ({ port, bindAddresses }) =>
          `port ${port} serves clients or homeservers without TLS at ${bindAddresses.join(", ")}`,
      );
    return open.length === 0 ? [] : [{ result: "warn", message: open.join("; ") }];
  },
});
