import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { MEGOLM, wholeNumber } from "../rotation.ts";
import { defineRule } from "../rule.ts";
import { named } from "../say.ts";

export const noIntegers = defineRule({
  id: "SOTTO-ENC-006",
  title: "The room's rotation is said in whole numbers",
  severity: "high",
  rationale:
    "A strict client may take the whole m.room.encryption for invalid, and a lenient one falls back to the defaults: nobody knows which.",
  how: `${curlState("m.room.encryption")}: "rotation_period_ms" and "rotation_period_msgs" have to be integers of 0 or more, without quotation marks`,
  cure: "send m.room.encryption with whole numbers; clients that keep what they knew first need the room replaced (`sotto enforce plan`)",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroomencryption"],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ encryption }, { policy }, { roomId }) {
    if (encryption === null)
      return [{ result: "not-applicable", message: "the room is not encrypted: SOTTO-ENC-001 says so" }];
    const wrong = Object.entries({
      rotation_period_ms: encryption.rotationPeriodMs,
      rotation_period_msgs: encryption.rotationPeriodMsgs,
    })
      .filter(([, value]) => value !== undefined && wholeNumber(value) === undefined)
      .map(([key, value]) => `${key} (${JSON.stringify(value)?.slice(0, 60)})`);
    if (wrong.length === 0) return [];
    const { maxPeriodMs, maxMessages } = policyFor(policy, roomId).rotation;
    const content = { algorithm: MEGOLM, rotation_period_ms: maxPeriodMs, rotation_period_msgs: maxMessages };
    return [
      {
        result: "fail",
        message: `in m.room.encryption no whole number stands at ${named(wrong)}`,
        cure: `send m.room.encryption ${JSON.stringify(content)}; clients that keep what they knew first need the room replaced (\`sotto enforce plan\`)`,
      },
    ];
  },
});
