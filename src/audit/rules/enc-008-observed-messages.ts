import { curlTimeline } from "../how.ts";
import { rotationOf } from "../rotation.ts";
import { defineRule } from "../rule.ts";
import { counted } from "../say.ts";
import { sessionsOf, worstAbove } from "../sessions.ts";
import { inWhatWasRead, readPast, sinceSetting } from "../timeline.ts";

export const observedMessages = defineRule({
  id: "SOTTO-ENC-008",
  title: "No room key was seen in use for more messages than the room says",
  severity: "medium",
  rationale:
    "What m.room.encryption says is a wish; what clients do shows in the session IDs, which everybody can read without a key.",
  how: `${curlTimeline}: count m.room.encrypted by sender and content.session_id`,
  cure: "restart the sender's client, which makes a new session (for our own account: `sotto rotate`); a client that knew the room under another setting keeps that one until the room is replaced (`sotto enforce plan`). What was seen stays a finding for as long as it is read",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#mroomencryption",
    "https://spec.matrix.org/v1.19/client-server-api/#mroomencrypted",
  ],
  since: "0.1.0",
  about: "room",
  reads: readPast,
  check([state, timeline]) {
    if (state.encryption === null)
      return [{ result: "not-applicable", message: "the room is not encrypted: SOTTO-ENC-001 says so" }];
    const sessions = sessionsOf(sinceSetting(state, timeline));
    if (sessions.length === 0)
      return [{ result: "not-applicable", message: `nothing encrypted ${inWhatWasRead(timeline)}` }];
    const allowed = rotationOf(state.encryption).messages;
    const broken = worstAbove(sessions, ({ messages }) => messages, allowed);
    if (broken.length === 0)
      return [
        { result: "pass", message: `no session in use for too many messages ${inWhatWasRead(timeline)}` },
      ];
    return broken.map(({ sender, messages }) => ({
      result: "fail",
      subject: { userId: sender },
      message: `${sender} used one session for at least ${counted(messages, "message")}, where the room's state says ${allowed}`,
    }));
  },
});
