import { policyFor } from "../../model/policy.ts";
import { curlTimeline } from "../how.ts";
import { defineRule } from "../rule.ts";
import { counted, named } from "../say.ts";
import { aroundEncryption, clearKind, cutOff, inWhatWasRead, isReadSince, readPast } from "../timeline.ts";

export const reactions = defineRule({
  id: "SOTTO-META-007",
  title: "Nobody reacts in clear, or the policy accepts it",
  severity: "low",
  rationale:
    "Most clients send reactions in clear in an encrypted room: who nods at what, and with which sign, can be read.",
  how: `${curlTimeline}: m.reaction that are newer than the first m.room.encryption`,
  cure: 'in m.room.power_levels set events["m.reaction"] to 101 and keep the rest as it is: nobody can react then; and redact those that are there, which cannot be undone',
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mreaction"],
  since: "0.1.0",
  about: "room",
  reads: readPast,
  check([{ encryption }, timeline], { policy }, { roomId }) {
    if (encryption === null)
      return [{ result: "not-applicable", message: "the room is not encrypted: SOTTO-ENC-001 says so" }];
    const sent = aroundEncryption(timeline).since.filter((envelope) => clearKind(envelope) === "reaction");
    const isAccepted = policyFor(policy, roomId).reactions;
    if (sent.length === 0)
      return isAccepted || isReadSince(timeline)
        ? [{ result: "pass", message: `no reaction in clear ${inWhatWasRead(timeline)}` }]
        : [cutOff(timeline)];
    const message = `${counted(sent.length, "reaction")} in clear by ${named([...new Set(sent.map(({ sender }) => sender))])}`;
    if (isAccepted) return [{ result: "pass", message: `${message}: the policy accepts them` }];
    return [{ result: "fail", message: `${message}, and the policy says none` }];
  },
});
