import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { DEFAULT_MESSAGES, MEGOLM, wholeNumber } from "../rotation.ts";
import { defineRule } from "../rule.ts";
import { counted } from "../say.ts";

export const rotationMessages = defineRule({
  id: "SOTTO-ENC-004",
  title: "Room keys are not used for more messages than the policy says",
  severity: "medium",
  rationale: "Whoever gets hold of one room key reads every message that it encrypted.",
  how: `${curlState("m.room.encryption")}: "rotation_period_msgs", 100 where it is missing`,
  cure: "replace the room (`sotto enforce plan`) by one whose first m.room.encryption says it: clients that know this room ignore another",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroomencryption"],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ encryption }, { policy }, { roomId }) {
    if (encryption === null)
      return [{ result: "not-applicable", message: "the room is not encrypted: SOTTO-ENC-001 says so" }];
    const said = encryption.rotationPeriodMsgs;
    const messages = said === undefined ? DEFAULT_MESSAGES : wholeNumber(said);
    if (messages === undefined)
      return [{ result: "not-applicable", message: "the count is no number: SOTTO-ENC-006 says so" }];
    const { maxPeriodMs, maxMessages } = policyFor(policy, roomId).rotation;
    if (messages <= maxMessages) return [];
    const content = { algorithm: MEGOLM, rotation_period_ms: maxPeriodMs, rotation_period_msgs: maxMessages };
    return [
      {
        result: "fail",
        message: `a room key may be used for ${counted(messages, "message")}${said === undefined ? ", the default" : ""}, and the policy allows ${maxMessages}`,
        cure: `replace the room (\`sotto enforce plan\`) by one whose first m.room.encryption is ${JSON.stringify(content)}: clients that know this room ignore another`,
      },
    ];
  },
});
