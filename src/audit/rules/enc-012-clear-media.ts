import { curlTimeline } from "../how.ts";
import { defineRule } from "../rule.ts";
import { judgeClear, readPast } from "../timeline.ts";

export const clearMedia = defineRule({
  id: "SOTTO-ENC-012",
  title: "No media were sent in clear after the room was encrypted",
  severity: "critical",
  rationale:
    "A voice message or picture that is sent in clear lies readable on every homeserver of the room, long after the conversation.",
  how: `${curlTimeline}: m.room.message of m.audio, m.file, m.image or m.video that are newer than the first m.room.encryption`,
  cure: "redact the events, which cannot be undone, and remove from the room the client or bot that does not encrypt",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#mroommessage",
    "https://spec.matrix.org/v1.19/client-server-api/#mroomencryption",
  ],
  since: "0.1.0",
  about: "room",
  reads: readPast,
  check: (past) => judgeClear("media", "attachment", past),
});
