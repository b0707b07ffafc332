import { TRAFFIC_TELLERS, telling } from "../log-levels.ts";
import { defineRule } from "../rule.ts";

export const logTraffic = defineRule({
  id: "SOTTO-SRV-008",
  title: "The log does not record who does what",
  severity: "low",
  rationale:
    "At level INFO, Synapse's default, each request is in the log with user, address, room and time: who spoke with whom, for as long as logs are kept.",
  how: "`grep -n 'level:' log.config`, and for a running server: `grep -c 'Processed request' homeserver.log`",
  cure: "add `synapse.access.http: {level: WARNING}`, `synapse.handlers.search: {level: WARNING}` and `synapse.push.pusherpool: {level: WARNING}` under `loggers` in the log config and restart Synapse",
  references: [
    "https://element-hq.github.io/synapse/latest/usage/configuration/logging_sample_config.html",
    "https://element-hq.github.io/synapse/latest/usage/administration/request_log.html",
  ],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ logging }) => logging,
  check(logging) {
    const told = telling(logging, "INFO", TRAFFIC_TELLERS);
    if (told.length === 0) return [];
    return [{ result: "warn", message: `the log holds ${told.map(({ what }) => what).join("; ")}` }];
  },
});
