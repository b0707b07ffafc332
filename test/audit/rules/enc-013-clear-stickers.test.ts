import { clearStickers } from "../../../src/audit/rules/enc-013-clear-stickers.ts";
import { envelope } from "./changed.ts";
import { findsClear } from "./clear.ts";

findsClear(clearStickers, {
  noun: "sticker",
  clear: envelope({ eventId: "$clear", type: "m.sticker" }),
  other: envelope({ type: "m.room.message", msgtype: "m.text" }),
});
