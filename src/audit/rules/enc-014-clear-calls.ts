import { curlTimeline } from "../how.ts";
import { defineRule } from "../rule.ts";
import { judgeClear, readPast } from "../timeline.ts";

export const clearCalls = defineRule({
  id: "SOTTO-ENC-014",
  title: "No call was set up in clear after the room was encrypted",
  severity: "high",
  rationale:
    "A call invite in clear tells the homeserver the addresses of both sides, and lets it put itself between them.",
  how: `${curlTimeline}: m.call.* and call notifications, not state, that are newer than the first m.room.encryption`,
  cure: "redact the events, which cannot be undone, and remove from the room the client or bot that does not encrypt",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#voice-over-ip",
    "https://spec.matrix.org/v1.19/client-server-api/#mroomencryption",
  ],
  since: "0.1.0",
  about: "room",
  reads: readPast,
  check: (past) => judgeClear("call", "call event", past),
});
