import { clearMedia } from "../../../src/audit/rules/enc-012-clear-media.ts";
import { envelope } from "./changed.ts";
import { findsClear } from "./clear.ts";

findsClear(clearMedia, {
  noun: "attachment",
  clear: envelope({ eventId: "$clear", type: "m.room.message", msgtype: "m.audio", media: "clear" }),
  other: envelope({ type: "m.room.message", msgtype: "m.text" }),
});
