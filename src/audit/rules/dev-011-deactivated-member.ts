import { curlAdmin } from "../how.ts";
import { defineRule } from "../rule.ts";
import { named } from "../say.ts";

export const deactivatedMember = defineRule({
  id: "SOTTO-DEV-011",
  title: "No deactivated account is a member",
  severity: "medium",
  rationale:
    "An account that was closed and stayed in a room is opened again with one request of an administrator, with all its rights.",
  how: `${curlAdmin("v2/users/$USER")}: "deactivated", then ${curlAdmin("v1/users/$USER/joined_rooms")}`,
  cure: 'POST /_matrix/client/v3/rooms/$ROOM/kick {"user_id": "$USER"} for each of their rooms',
  references: [
    "https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html#deactivate-account",
  ],
  since: "0.1.0",
  about: "user",
  reads: ({ account }) => account,
  check({ isDeactivated }, _context, { userId, rooms }) {
    if (!isDeactivated || rooms.length === 0) return [];
    return [
      {
        result: "fail",
        message: `the account ${userId} is deactivated, and still a member of ${named(rooms)}`,
        cure: `POST /_matrix/client/v3/rooms/ROOM/kick ${JSON.stringify({ user_id: userId })} for ROOM in ${named(rooms, 20)}`,
      },
    ];
  },
});
