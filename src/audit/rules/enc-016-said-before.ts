import { curlTimeline } from "../how.ts";
import { defineRule } from "../rule.ts";
import { counted } from "../say.ts";
import { aroundEncryption, clearKind, cutOff, inWhatWasRead, readPast, settingsOf } from "../timeline.ts";

export const saidBefore = defineRule({
  id: "SOTTO-ENC-016",
  title: "Nothing was said before the room was encrypted",
  severity: "low",
  rationale:
    "Encryption protects what comes after it: what was said before stays readable on every homeserver.",
  how: `${curlTimeline}: m.room.message and the like that are older than the first m.room.encryption`,
  cure: "replace the room (`sotto enforce plan`), or redact what must not be read, which cannot be undone; a homeserver keeps redacted content for a while",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#mroomencryption",
    "https://element-hq.github.io/synapse/latest/usage/configuration/config_documentation.html#redaction_retention_period",
  ],
  since: "0.1.0",
  about: "room",
  reads: readPast,
  check([{ encryption }, timeline]) {
    if (encryption === null)
      return [{ result: "not-applicable", message: "the room is not encrypted: SOTTO-ENC-001 says so" }];
    const clear = aroundEncryption(timeline).before.filter((envelope) => clearKind(envelope) !== null);
    if (clear.length === 0) {
      if (!timeline.isWhole) return [cutOff(timeline)];
      if (settingsOf(timeline).length > 0)
        return [{ result: "pass", message: `nothing from before it ${inWhatWasRead(timeline)}` }];
      const message =
        "this account cannot read what came before the room was encrypted: only --admin-token-file tells";
      return [{ result: "not-checked", message, notAsked: true }];
    }
    return [
      {
        result: "warn",
        message: `${counted(clear.length, "event")} from before the room was encrypted can still be read by its homeservers`,
      },
    ];
  },
});
