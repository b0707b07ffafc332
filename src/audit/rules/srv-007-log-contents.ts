import { CONTENT_TELLERS, telling } from "../log-levels.ts";
import { defineRule } from "../rule.ts";

/** So many are named: the worst come first. */
const NAMED = 2;
/** What they tell opens accounts, or is what was said. */
const SERIOUS = new Set([
  "synapse.storage.SQL",
  "synapse.federation.federation_client",
  "synapse.http.client",
  "synapse.rest.admin.users.registration_debug",
]);

export const logContents = defineRule({
  id: "SOTTO-SRV-007",
  title: "The log holds no messages, tokens or keys",
  severity: "high",
  rationale:
    "At level DEBUG Synapse writes access tokens, clear messages and the contents of requests into its log, where backups and log collectors take them along.",
  how: "`grep -n 'level:' log.config`, and for a running server: `grep -c 'SQL values' homeserver.log`",
  cure: "set `level: INFO` or higher for `root` and for `synapse.storage.SQL` in the log config and restart Synapse, then delete the logs that were written before",
  references: ["https://element-hq.github.io/synapse/latest/usage/configuration/logging_sample_config.html"],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ logging }) => logging,
  check(logging) {
    const told = telling(logging, "DEBUG", CONTENT_TELLERS);
    if (told.length === 0) return [];
    const isSerious = told.some(({ logger }) => SERIOUS.has(logger));
    const named = told.slice(0, NAMED).map(({ logger, what }) => `${what} (${logger})`);
    const more = told.length > NAMED ? `; and what ${told.length - NAMED} more loggers tell` : "";
    return [
      {
        result: "fail",
        ...(!isSerious && { severity: "medium" as const }),
        message: `the log holds ${named.join("; ")}${more}`,
      },
    ];
  },
});
