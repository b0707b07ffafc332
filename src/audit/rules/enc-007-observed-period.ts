import { curlTimeline } from "../how.ts";
import { rotationOf } from "../rotation.ts";
import { defineRule } from "../rule.ts";
import { counted, span } from "../say.ts";
import { sessionsOf, worstAbove } from "../sessions.ts";
import { inWhatWasRead, readPast, sinceSetting } from "../timeline.ts";

/** A message may be encrypted before its key's time is up, and reach the homeserver after. */
const ON_THE_WAY_MS = 5 * 60_000;

export const observedPeriod = defineRule({
  id: "SOTTO-ENC-007",
  title: "No room key was seen in use for longer than the room says",
  severity: "medium",
  rationale:
    "What m.room.encryption says is a wish; what clients do shows in the session IDs, which everybody can read without a key.",
  how: `${curlTimeline}: for each sender and content.session_id of m.room.encrypted, the last origin_server_ts less the first`,
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
    const { periodMs } = rotationOf(state.encryption);
    const broken = worstAbove(sessions, ({ firstMs, lastMs }) => lastMs - firstMs, periodMs + ON_THE_WAY_MS);
    if (broken.length === 0)
      return [{ result: "pass", message: `no session in use for too long ${inWhatWasRead(timeline)}` }];
    return broken.map(({ sender, messages, firstMs, lastMs }) => ({
      result: "fail",
      subject: { userId: sender },
      message: `${sender} used one session for at least ${span(lastMs - firstMs)} (${counted(messages, "message")}), where the room's state says ${span(periodMs)}`,
    }));
  },
});
