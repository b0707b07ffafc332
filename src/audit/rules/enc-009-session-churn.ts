import { curlTimeline } from "../how.ts";
import { rotationOf } from "../rotation.ts";
import { defineRule } from "../rule.ts";
import { counted } from "../say.ts";
import { churnOf } from "../sessions.ts";
import { inWhatWasRead, readPast } from "../timeline.ts";

const ENOUGH_MESSAGES = 10;

export const sessionChurn = defineRule({
  id: "SOTTO-ENC-009",
  title: "Nobody makes a new room key for nearly each message",
  severity: "low",
  rationale:
    "A client that does so takes a wrong unit for the period, or cannot reach some device and tries again each time: keys arrive late, or never.",
  how: `${curlTimeline}: by sender, count the content.session_id that begin without a change of members and before the last one was used up`,
  cure: "update the sender's client; in its log look for a device from which keys are withheld, and remove that device or let its owner verify it",
  references: [
    "https://github.com/element-hq/element-web/issues/29220",
    "https://spec.matrix.org/v1.19/client-server-api/#mmegolmv1aes-sha2",
  ],
  since: "0.1.0",
  about: "room",
  reads: readPast,
  check([state, timeline]) {
    if (state.encryption === null)
      return [{ result: "not-applicable", message: "the room is not encrypted: SOTTO-ENC-001 says so" }];
    const rotation = rotationOf(state.encryption);
    if (rotation.messages <= 2)
      return [{ result: "not-applicable", message: "the room asks for a new key for nearly each message" }];
    const churning = churnOf(timeline.envelopes, rotation).filter(
      ({ messages, unexplained }) => messages >= ENOUGH_MESSAGES && unexplained > messages / 2,
    );
    if (churning.length === 0)
      return [{ result: "pass", message: `no sender changes keys that often ${inWhatWasRead(timeline)}` }];
    return churning.map(({ sender, messages, unexplained }) => ({
      result: "warn",
      subject: { userId: sender },
      message: `${sender} began a new session ${counted(unexplained, "time")} in ${counted(messages, "message")}, and nothing that was seen explains it`,
    }));
  },
});
