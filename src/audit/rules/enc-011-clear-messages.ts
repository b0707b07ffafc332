import { curlTimeline } from "../how.ts";
import { defineRule } from "../rule.ts";
import { judgeClear, othersInClear, readPast } from "../timeline.ts";

export const clearMessages = defineRule({
  id: "SOTTO-ENC-011",
  title: "No message was sent in clear after the room was encrypted",
  severity: "critical",
  rationale:
    "A client that cannot encrypt, or lost its way, sends on in clear; homeservers keep it readable, and many clients show it almost as any other.",
  how: `${curlTimeline}: m.room.message without media, polls and beacons that are newer than the first m.room.encryption`,
  cure: "redact the events, which cannot be undone, and remove from the room the client or bot that does not encrypt",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#mroommessage",
    "https://spec.matrix.org/v1.19/client-server-api/#mroomencryption",
  ],
  since: "0.1.0",
  about: "room",
  reads: readPast,
  check(past) {
    const verdicts = judgeClear("message", "message", past);
    const strange = othersInClear(past);
    return strange === undefined
      ? verdicts
      : [...verdicts.filter(({ result }) => result !== "pass"), strange];
  },
});
