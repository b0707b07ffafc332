import { curlState } from "../how.ts";
import { FLOOR_PERIOD_MS, MESSAGES_RANGE, rotationOf, wholeNumber } from "../rotation.ts";
import { defineRule } from "../rule.ts";
import { counted, span } from "../say.ts";

const [LEAST, MOST] = MESSAGES_RANGE;

export const clientsFloor = defineRule({
  id: "SOTTO-ENC-005",
  title: "The room asks for a rotation that clients can do",
  severity: "low",
  rationale:
    "Clients change a room key at most once an hour and after 1 to 10,000 messages: outside that, the state promises what nobody does.",
  how: `${curlState("m.room.encryption")}: "rotation_period_ms" from ${FLOOR_PERIOD_MS} on, "rotation_period_msgs" from ${LEAST} to ${MOST}`,
  cure: "replace the room (`sotto enforce plan`) by one whose first m.room.encryption stays within it: clients that know this room ignore another",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#mroomencryption",
    "https://docs.rs/matrix-sdk-crypto/latest/matrix_sdk_crypto/struct.EncryptionSettings.html",
  ],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ encryption }) {
    if (encryption === null)
      return [{ result: "not-applicable", message: "the room is not encrypted: SOTTO-ENC-001 says so" }];
    const does = rotationOf(encryption);
    const periodMs = wholeNumber(encryption.rotationPeriodMs) ?? does.periodMs;
    const messages = wholeNumber(encryption.rotationPeriodMsgs) ?? does.messages;
    const said = [
      ...(periodMs === does.periodMs
        ? []
        : [`the state says ${span(periodMs)}, and clients take ${span(does.periodMs)}`]),
      ...(messages === does.messages
        ? []
        : [`the state says ${counted(messages, "message")}, and clients take ${does.messages}`]),
    ];
    return said.length === 0 ? [] : [{ result: "warn", message: said.join("; ") }];
  },
});
