import { curlTimeline } from "../how.ts";
import { defineRule } from "../rule.ts";
import { judgeClear, readPast } from "../timeline.ts";

export const clearStickers = defineRule({
  id: "SOTTO-ENC-013",
  title: "No sticker was sent in clear after the room was encrypted",
  severity: "medium",
  rationale:
    "A sticker is a message, and some clients forget to encrypt it: what it answers, and with what mood, can be read.",
  how: `${curlTimeline}: m.sticker that are newer than the first m.room.encryption`,
  cure: "redact the events, which cannot be undone, and remove from the room the client or bot that does not encrypt",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#msticker",
    "https://spec.matrix.org/v1.19/client-server-api/#mroomencryption",
  ],
  since: "0.1.0",
  about: "room",
  reads: readPast,
  check: (past) => judgeClear("sticker", "sticker", past),
});
