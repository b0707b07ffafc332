import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";
import { span } from "../say.ts";

const MOST_MS = 30 * 86_400_000;

export const redactions = defineRule({
  id: "SOTTO-SRV-031",
  title: "What is redacted is gone soon",
  severity: "low",
  rationale: "Until then the database still holds the whole event, although no client shows it.",
  how: "`grep redaction_retention_period homeserver.yaml` (absent: 7d)",
  cure: "set `redaction_retention_period: 7d` in homeserver.yaml and restart Synapse",
  references: [manual("redaction_retention_period")],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ redactionRetentionMs }) {
    if (redactionRetentionMs !== null && redactionRetentionMs <= MOST_MS) return [];
    const long = redactionRetentionMs === null ? "for ever" : `for ${span(redactionRetentionMs)}`;
    return [{ result: "warn", message: `the homeserver keeps redacted events ${long}` }];
  },
});
