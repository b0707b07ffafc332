import { curlAdmin } from "../how.ts";
import { all, defineRule } from "../rule.ts";
import { counted, named } from "../say.ts";
import { picturesIn } from "../timeline.ts";

export const mediaBeside = defineRule({
  id: "SOTTO-ENC-015",
  title: "No clear media lie beside the encrypted ones",
  severity: "medium",
  rationale:
    "The homeserver lists, for a room, the media whose address it could read: whoever runs it can open them.",
  how: `${curlAdmin("v1/room/$ROOM/media")}: everything but the room's own avatar`,
  cure: "POST /_synapse/admin/v1/media/quarantine/SERVER/MEDIA_ID for each, and redact the events that name them, which cannot be undone: Synapse lists them until it forgets what was redacted (redaction_retention_period, a week)",
  references: [
    "https://element-hq.github.io/synapse/latest/admin_api/media_admin_api.html#list-all-media-in-a-room",
    "https://element-hq.github.io/synapse/latest/admin_api/media_admin_api.html#quarantining-media-by-id",
  ],
  since: "0.1.0",
  about: "room",
  reads: ({ state, clearMedia }) => all(state, clearMedia),
  check([{ encryption, avatarUrl }, clearMedia], _context, { timeline }) {
    if (encryption === null)
      return [{ result: "not-applicable", message: "the room is not encrypted: SOTTO-ENC-001 says so" }];
    // those that the room has shown of itself are SOTTO-META-005's
    const pictures = new Set([avatarUrl, ...("value" in timeline ? picturesIn(timeline.value) : [])]);
    const media = [...new Set(clearMedia)].filter((uri) => !pictures.has(uri));
    if (media.length === 0) return [];
    const ids = media.map((uri) => uri.replace(/^mxc:\/\//, ""));
    return [
      {
        result: "warn",
        message: `${counted(media.length, "medium").replace(/mediums$/, "media")} named in clear by this room's events can be opened by whoever runs the homeserver, as long as they are there; some may be from before it was encrypted`,
        cure: `POST /_synapse/admin/v1/media/quarantine/ followed by ${named(ids, 20)}, each by itself, and redact the events that name them, which cannot be undone: Synapse lists them until it forgets what was redacted (redaction_retention_period, a week)`,
      },
    ];
  },
});
