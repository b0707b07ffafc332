import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";

/** An hour at 32 kbit/s. */
const HOUR_BYTES = 14_400_000;

export const uploadLimit = defineRule({
  id: "SOTTO-SRV-034",
  title: "A long voice message fits into an upload",
  severity: "info",
  rationale: "What is larger than the homeserver takes must be sent in parts, or is refused.",
  how: '`curl -H "Authorization: Bearer $TOKEN" "$HS/_matrix/client/v1/media/config"` (m.upload.size, in bytes)',
  cure: "set `max_upload_size: 50M` in homeserver.yaml, and the same in the reverse proxy (nginx: `client_max_body_size 50M`), and restart both; or send with --split",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mediaconfig",
    manual("max_upload_size"),
  ],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ uploadLimit }) => uploadLimit,
  check(bytes) {
    if (bytes === null || bytes >= HOUR_BYTES) return [];
    return [
      {
        result: "warn",
        message: `the homeserver takes ${bytes} bytes at once, and an hour of speech has about ${HOUR_BYTES}`,
      },
    ];
  },
});
