import type { Step } from "../model/enforcement.ts";
import { neededForMessage } from "../model/levels.ts";
import type { Envelope, RoomFacts } from "../model/room-facts.ts";
import { day, type Room, step } from "./step.ts";

/** Voice that was sent in clear into a room that was encrypted already. Our own may always go. */
export function redactClearVoice(
  room: Room,
  { timeline }: RoomFacts,
  purges: boolean,
): { steps: Step[]; notes: string[] } {
  if (room.state.encryption === null) return { steps: [], notes: [] };
  if ("unread" in timeline)
    return { steps: [], notes: [`clear voice was not looked for: ${timeline.unread}`] };
  const { envelopes } = timeline.value;
  // newest first: what stands after the first m.room.encryption was said before it; where that is not seen, nothing was
  const begun = envelopes.findLastIndex(
    ({ type, stateKey }) => type === "m.room.encryption" && stateKey === "",
  );
  const since = begun < 0 ? envelopes : envelopes.slice(0, begun);
  const steps = since.filter(isClearVoice).map((envelope) => redact(room, envelope, purges));
  const isKept = steps.length > 0;
  return {
    steps: steps.reverse(),
    notes: isKept
      ? [
          `what is redacted stays in the homeserver's database for its redaction_retention_period, other homeservers may keep it, and whoever has heard it has${purges ? "" : "; its media stay too: only an administrator's token removes them (--admin-token-file)"}`,
        ]
      : [],
  };
}

const isClearVoice = ({ type, msgtype, isRedacted }: Envelope): boolean =>
  type === "m.room.message" && msgtype === "m.audio" && !isRedacted;

function redact(room: Room, { eventId, sender, sentMs }: Envelope, purges: boolean): Step {
  const { powerLevels } = room.state;
  const send = neededForMessage(powerLevels, "m.room.redaction");
  const needs = sender === room.by ? send : Math.max(send, powerLevels.redact);
  const what = `redact the clear voice message of ${sender} of ${day(sentMs)}${purges ? " and delete its media" : ""}`;
  const request = { kind: "redact" as const, eventId, sender, purges };
  return step(room, request, { what, needs, reversible: false });
}
