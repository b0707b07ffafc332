import { curlMembers } from "../how.ts";
import { defineRule } from "../rule.ts";
import { span } from "../say.ts";

const OLD_MS = 30 * 86_400_000;

export const oldInvites = defineRule({
  id: "SOTTO-ACC-027",
  title: "No invitation has been open for over 30 days",
  severity: "low",
  rationale:
    "Who is invited gets the room's keys as members do, and an account that nobody uses is taken over unnoticed.",
  how: `${curlMembers}?membership=invite: origin_server_ts`,
  cure: 'POST /_matrix/client/v3/rooms/$ROOM/kick {"user_id": "$USER"}: it takes the invitation back',
  references: ["https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidkick"],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ members }, { facts }, { roomId }) {
    return members
      .filter(({ membership, sinceMs }) => membership === "invite" && facts.collectedMs - sinceMs > OLD_MS)
      .map(({ userId, sinceMs }) => ({
        result: "warn",
        subject: { userId },
        message: `${userId} was invited ${span(facts.collectedMs - sinceMs)} ago and has not answered`,
        cure: `POST /_matrix/client/v3/rooms/${roomId}/kick ${JSON.stringify({ user_id: userId })}: it takes the invitation back`,
      }));
  },
});
