import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";

export const urlPreviews = defineRule({
  id: "SOTTO-SRV-026",
  title: "The homeserver fetches no links",
  severity: "low",
  rationale:
    "A client that wants a preview sends the link to the homeserver: it then knows links of encrypted messages, and the linked site learns that somebody reads.",
  how: "`grep url_preview_enabled homeserver.yaml` (absent: false)",
  cure: "set `url_preview_enabled: false` in homeserver.yaml and restart Synapse",
  references: [manual("url_preview_enabled")],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ isUrlPreviewOn }) {
    return isUrlPreviewOn
      ? [{ result: "warn", message: "the homeserver fetches links that clients want a preview of" }]
      : [];
  },
});
