import { curlAdmin } from "../how.ts";
import { all, defineRule } from "../rule.ts";
import { counted, named } from "../say.ts";

export const mediaBeside = defineRule({
  id: "SOTTO-ENC-015",
  title: "No clear media lie beside the encrypted ones",
  severity: "medium",
  rationale:
    "The homeserver lists, for a room, the media whose address it could read: whoever runs it can open them.",
  how: `${curlAdmin("v1/room/$ROOM/media")}: everything but the room's own avatar`,
  cure: "POST /_synapse/admin/v1/media/quarantine/SERVER/MEDIA_ID for each of them, or DELETE /_synapse/admin/v1/media/SERVER/MEDIA_ID, which cannot be undone",
  references: [
    "https://element-hq.github.io/synapse/latest/admin_api/media_admin_api.html#list-all-media-in-a-room",
  ],
  since: "0.1.0",
  about: "room",
  reads: ({ state, clearMedia }) => all(state, clearMedia),
  check([{ encryption, avatarUrl }, clearMedia]) {
    if (encryption === null)
      return [{ result: "not-applicable", message: "the room is not encrypted: SOTTO-ENC-001 says so" }];
    const media = [...new Set(clearMedia)].filter((uri) => uri !== avatarUrl);
    if (media.length === 0) return [];
    const ids = media.map((uri) => uri.replace(/^mxc:\/\//, ""));
    return [
      {
        result: "warn",
        message: `${counted(media.length, "medium").replace(/mediums$/, "media")} of this room can be opened by whoever runs the homeserver, some perhaps from before it was encrypted`,
        cure: `DELETE /_synapse/admin/v1/media/ followed by ${named(ids, 20)}, each by itself: it cannot be undone`,
      },
    ];
  },
});
