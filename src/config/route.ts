import * as z from "zod/mini";
import { described } from "../model/settings.ts";
import { HIGH_PASS_HZ, LOUDNESS_LUFS } from "../model/sound-care.ts";

/** A recording's way. `from` and `to` name a connector; or a room by ID or alias, or as `to` a user. */
export const routeSchema = z.strictObject({
  from: described(
    "A connector that brings recordings, or a room by ID or alias.",
    z.string().check(z.minLength(1)),
  ),
  to: described(
    "A room by ID or alias, a user for the direct chat with them, or a connector that takes voice messages.",
    z.string().check(z.minLength(1)),
  ),
  announce: described(
    "Say in an encrypted notice beside the voice message who called and when, as far as the origin says it.",
    z._default(z.boolean(), false),
  ),
  priority: described(
    "What goes first where much waits.",
    z._default(z.enum(["high", "normal", "low"]), "normal"),
  ),
  onMissed: described(
    "Where a device got the key too late: leave it, or send the voice message again.",
    z._default(z.enum(["leave", "resend"]), "leave"),
  ),
  audio: described(
    "What is different from `audio` on this way.",
    z.optional(
      z.strictObject({
        loudness: z.optional(z.number().check(z.minimum(LOUDNESS_LUFS.min), z.maximum(LOUDNESS_LUFS.max))),
        trimSilence: z.optional(z.boolean()),
        highPass: z.optional(z.number().check(z.minimum(HIGH_PASS_HZ.min), z.maximum(HIGH_PASS_HZ.max))),
        split: described(
          "Make as many voice messages as it takes of a recording that the room's bridge or the homeserver would refuse.",
          z.optional(z.boolean()),
        ),
      }),
    ),
  ),
});
