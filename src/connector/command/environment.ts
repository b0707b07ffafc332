import type { VoiceDescription } from "../../model/connector.ts";

/** Where programs of the system lie; what a script calls is looked for here. */
export const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * All that a command is told of a message, and all of its environment: nothing of Sotto's own goes along. What is not known
 * is not set.
 */
export function environmentOf(voice: VoiceDescription): Record<string, string> {
  const known: Record<string, string | number | boolean | undefined> = {
    SOTTO_EVENT_ID: voice.eventId,
    SOTTO_ROOM_ID: voice.roomId,
    SOTTO_SENDER: voice.sender,
    SOTTO_SENDER_DEVICE_ID: voice.senderDeviceId,
    SOTTO_TRUST: voice.trust,
    SOTTO_UNPROVEN: voice.unproven,
    SOTTO_SENT_MS: voice.sentMs,
    SOTTO_DURATION_MS: voice.durationMs,
    SOTTO_MIMETYPE: voice.mimetype,
    SOTTO_EXTENSION: voice.extension,
    SOTTO_SIZE: voice.size,
    SOTTO_IS_RELAYED: voice.isRelayed,
  };
  const told = Object.entries(known).flatMap(([name, value]): [string, string][] =>
    // a zero byte would end the value early
    value === undefined ? [] : [[name, String(value).replaceAll("\0", "")]],
  );
  return { PATH, LANG: "C.UTF-8", ...Object.fromEntries(told) };
}
