import type { EventId, RoomId, UserId } from "../model/ids.ts";
import { path } from "./path.ts";
import type { Transport } from "./transport.ts";

/** What is no room event, and never encrypted: the homeservers of a room see all of it. */

/** https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidreceiptreceipttypeeventid */
export async function sendReadReceipt(transport: Transport, roomId: RoomId, eventId: EventId): Promise<void> {
  const url = path`/_matrix/client/v3/rooms/${roomId}/receipt/m.read/${eventId}`;
  await transport.request("POST", url, { body: { json: {} } });
}

/**
 * https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidtypinguserid
 *
 * @param forMs how long clients show it unless told otherwise; undefined ends it
 */
export async function sendTyping(
  transport: Transport,
  { roomId, userId, forMs }: { roomId: RoomId; userId: UserId; forMs: number | undefined },
): Promise<void> {
  const json = forMs === undefined ? { typing: false } : { typing: true, timeout: forMs };
  await transport.request("PUT", path`/_matrix/client/v3/rooms/${roomId}/typing/${userId}`, {
    body: { json },
  });
}
