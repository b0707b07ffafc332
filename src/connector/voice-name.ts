import { createHash } from "node:crypto";
import type { OutgoingVoice } from "../model/connector.ts";

/**
 * The name of a voice message's file, without its ending: `2026-01-31T12-30-15.250Z-EVENT`. Names sort by time, and
 * are always the same for the same event; nothing that a sender or homeserver says can lead out of a folder.
 */
export const voiceName = ({ eventId, sentMs }: Pick<OutgoingVoice, "eventId" | "sentMs">): string =>
  `${timeName(sentMs)}-${eventName(eventId)}`;

/** ISO 8601, UTC; a colon cannot stand in every file system's names. A homeserver can say any time. */
function timeName(sentMs: number): string {
  const time = new Date(sentMs);
  return Number.isNaN(time.getTime()) ? "unknown" : time.toISOString().replaceAll(":", "-");
}

/**
 * From room version 4 on an event ID is `$` and 43 characters that a name may have; of others, which may be too long or
 * hold a `/`, the SHA-256. https://spec.matrix.org/v1.19/rooms/v4/#event-ids
 */
const eventName = (eventId: string): string =>
  /^\$([\w-]{43})$/.exec(eventId)?.[1] ?? createHash("sha256").update(eventId).digest("hex");
