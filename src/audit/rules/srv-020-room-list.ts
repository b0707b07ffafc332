import { any, manual } from "../known.ts";
import { defineRule } from "../rule.ts";

export const roomList = defineRule({
  id: "SOTTO-SRV-020",
  title: "Only users can read the list of public rooms",
  severity: "low",
  rationale: "Names, topics and sizes of listed rooms are there for anybody to collect.",
  how: '`curl -i "$HS/_matrix/client/v3/publicRooms"` (401: an account is asked for)',
  cure: "set `allow_public_rooms_without_auth: false` in homeserver.yaml and restart Synapse",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3publicrooms",
    manual("allow_public_rooms_without_auth"),
  ],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ outside, config }) => any(outside.isDirectoryPublic, config),
  check([isPublic, config]) {
    if (isPublic || config?.isPublicRoomListOpen)
      return [{ result: "warn", message: "anybody can read the list of public rooms, without an account" }];
    return [];
  },
});
