import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { DEFAULT_PERIOD_MS, MEGOLM, wholeNumber } from "../rotation.ts";
import { defineRule } from "../rule.ts";
import { span } from "../say.ts";

export const rotationPeriod = defineRule({
  id: "SOTTO-ENC-003",
  title: "Room keys are not used for longer than the policy says",
  severity: "medium",
  rationale: "Whoever gets hold of one room key reads everything that was sent while it was in use.",
  how: `${curlState("m.room.encryption")}: "rotation_period_ms", a week where it is missing`,
  cure: "replace the room (`sotto enforce plan`) by one whose first m.room.encryption says it: clients that know this room ignore another",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroomencryption"],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ encryption }, { policy }, { roomId }) {
    if (encryption === null)
      return [{ result: "not-applicable", message: "the room is not encrypted: SOTTO-ENC-001 says so" }];
    const said = encryption.rotationPeriodMs;
    const periodMs = said === undefined ? DEFAULT_PERIOD_MS : wholeNumber(said);
    if (periodMs === undefined)
      return [{ result: "not-applicable", message: "the period is no number: SOTTO-ENC-006 says so" }];
    const { maxPeriodMs, maxMessages } = policyFor(policy, roomId).rotation;
    if (periodMs <= maxPeriodMs) return [];
    const content = { algorithm: MEGOLM, rotation_period_ms: maxPeriodMs, rotation_period_msgs: maxMessages };
    return [
      {
        result: "fail",
        message: `a room key may be used for ${span(periodMs)}${said === undefined ? ", the default" : ""}, and the policy allows ${span(maxPeriodMs)}`,
        cure: `replace the room (\`sotto enforce plan\`) by one whose first m.room.encryption is ${JSON.stringify(content)}: clients that know this room ignore another`,
      },
    ];
  },
});
