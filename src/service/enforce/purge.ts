import { causeText } from "../../errors.ts";
import { deleteMedia, MatrixError, mediaOwner, parseMxcUri } from "../../matrix/index.ts";
import type { EventId, RoomId } from "../../model/ids.ts";
import type { Hands } from "./hands.ts";

/**
 * Deletes what a clear event points at, if its sender has uploaded it: anybody can send an event that points at what is
 * another's. Gives a sentence on what stays.
 */
export async function purgeMediaOf(
  { account, admin }: Hands,
  roomId: RoomId,
  eventId: EventId,
): Promise<string | undefined> {
  const { content, sender } = await account.rooms.event(roomId, eventId);
  const file = content.file as { url?: unknown } | undefined;
  const uri = content.url ?? file?.url;
  if (!admin || typeof uri !== "string") return undefined;
  try {
    const { serverName, mediaId } = parseMxcUri(uri);
    const owner = await mediaOwner(admin, serverName, mediaId);
    if (owner !== sender)
      return `the media stay: the homeserver does not say that ${sender} has uploaded them`;
    await deleteMedia(admin, serverName, mediaId);
    return undefined;
  } catch (thrown) {
    const { cause } = thrown as Error;
    if (cause instanceof MatrixError && cause.statusCode === 404) return undefined; // they are gone already
    return `the media stay: ${causeText(thrown)}`;
  }
}
