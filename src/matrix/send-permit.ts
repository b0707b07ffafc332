/**
 * The accident this prevents: a second way to send, added later and in good faith, that forgets to encrypt. The
 * transport refuses a request that would make a room event unless it shows this permit, and only `gate.ts` may
 * hold it (test/matrix/gate.test.ts reads the imports). It is not exported from the room's door.
 */
export const SEND_PERMIT: unique symbol = Symbol("the send gate's permit");

/**
 * True for every request that puts an event of the caller's choice into a room: `send`, `state` and `redact`
 * below `rooms/{roomId}`, in any version of the API and however the path is spelled.
 * https://spec.matrix.org/v1.19/client-server-api/#sending-events-to-a-room
 */
export function sendsRoomEvent(method: string, pathname: string): boolean {
  if (method === "GET" || method === "HEAD") return false;
  // the homeserver decodes each segment and so must this; empty ones are what `//` and a trailing slash leave
  const segments = pathname.split("/").filter(Boolean).map(decodeSegment);
  return segments.some(
    (segment, index) => segment === "rooms" && /^(?:send|state|redact)/.test(segments[index + 2] ?? ""),
  );
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
