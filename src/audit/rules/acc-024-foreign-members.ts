import { serverNameOf } from "../../model/ids.ts";
import { policyFor } from "../../model/policy.ts";
import { curlMembers } from "../how.ts";
import { defineRule } from "../rule.ts";
import { named } from "../say.ts";

export const foreignMembers = defineRule({
  id: "SOTTO-ACC-024",
  title: "Members are of the homeservers that the policy names",
  severity: "high",
  rationale:
    "Another homeserver keeps a copy of everything that can be read, and says which devices its users have.",
  how: `${curlMembers}: the server name of each state_key`,
  cure: 'POST /_matrix/client/v3/rooms/$ROOM/kick {"user_id": "$USER"}, or name the homeserver in the policy (rooms.servers)',
  references: ["https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidkick"],
  since: "0.1.0",
  about: "room",
  readsNames: true,
  reads: ({ state }) => state,
  check({ members }, { facts, policy }, { roomId }) {
    const { servers, federated } = policyFor(policy, roomId);
    const allowed = servers.length > 0 || federated ? servers : [facts.homeserver.serverName];
    if (allowed.length === 0)
      return [{ result: "not-applicable", message: "the policy accepts members of every homeserver" }];
    return members
      .filter(({ userId, membership }) => membership !== "knock" && !allowed.includes(serverNameOf(userId)))
      .map(({ userId, membership }) => ({
        result: "fail",
        subject: { userId },
        message: `${userId} ${membership === "join" ? "is in the room" : `has membership "${membership}"`}, and the policy accepts users of ${named(allowed)}`,
        cure: `POST /_matrix/client/v3/rooms/${roomId}/kick ${JSON.stringify({ user_id: userId })}, or name ${serverNameOf(userId)} in the policy (rooms.servers)`,
      }));
  },
});
