import type { Synapse } from "../../synapse-dev/synapse.ts";
import type { RecordedRequest } from "../e2e/recording-proxy.ts";

export interface RawEvent {
  event_id: string;
  type: string;
  sender: string;
  content: Record<string, unknown>;
}

/** A room's latest hundred events as the homeserver has them, oldest first. */
export async function eventsOf(synapse: Synapse, roomId: string, accessToken: string): Promise<RawEvent[]> {
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/messages?dir=b&limit=100`;
  const { chunk } = await synapse.request<{ chunk: RawEvent[] }>("GET", path, accessToken);
  return chunk.reverse();
}

/** One event as the homeserver has it. */
export function rawEvent(
  synapse: Synapse,
  { roomId, eventId }: { roomId: string; eventId: string },
  accessToken: string,
): Promise<RawEvent> {
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/event/${encodeURIComponent(eventId)}`;
  return synapse.request<RawEvent>("GET", path, accessToken);
}

/** The events that a user has sent into a room: all but its state. */
export async function sentBy(
  synapse: Synapse,
  roomId: string,
  accessToken: string,
  userId: string,
): Promise<RawEvent[]> {
  const events = await eventsOf(synapse, roomId, accessToken);
  return events.filter((event) => event.sender === userId && !("state_key" in event));
}

/** Requests that put an event into a room. */
export const isSend = ({ method, path }: Pick<RecordedRequest, "method" | "path">): boolean =>
  method === "PUT" && /\/rooms\/[^/]+\/(send|redact)\//.test(path);

export const isSync = ({ path }: Pick<RecordedRequest, "path">): boolean =>
  path.startsWith("/_matrix/client/v3/sync");

export const isUpload = ({ path }: Pick<RecordedRequest, "path">): boolean =>
  path.startsWith("/_matrix/media/v3/upload");

/** The first `/sync` after an upload: the message that it is for is accepted, and not encrypted yet. */
export function syncAfterUpload(): (request: Pick<RecordedRequest, "path">) => boolean {
  let uploaded = false;
  return (request) => {
    uploaded ||= isUpload(request);
    return uploaded && isSync(request);
  };
}

/** The session and message index that a request spends. */
export function megolmIndex({ body }: RecordedRequest): string {
  const { session_id, ciphertext } = JSON.parse(body.toString()) as Record<string, string>;
  return `${session_id} ${messageIndex(ciphertext!)}`;
}

/** Version 3, then field 1, a varint: https://spec.matrix.org/v1.19/olm-megolm/megolm/#message-format */
export function messageIndex(ciphertext: string): number {
  const bytes = Buffer.from(ciphertext, "base64");
  if (bytes[0] !== 3 || bytes[1] !== 0x08) throw new Error("not a Megolm message");
  let index = 0;
  for (let at = 2; ; at += 1) {
    index += (bytes[at]! & 0x7f) * 2 ** (7 * (at - 2));
    if (bytes[at]! < 0x80) return index;
  }
}

/** Requests that send messages to devices. */
export const isToDevice = ({ path }: Pick<RecordedRequest, "path">): boolean =>
  path.includes("/sendToDevice/");
