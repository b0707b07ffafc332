import { curlMembers, curlState } from "../how.ts";
import { joined } from "../powers.ts";
import { defineRule } from "../rule.ts";
import { counted } from "../say.ts";

export const replacedRoom = defineRule({
  id: "SOTTO-ACC-026",
  title: "A room that was replaced is empty and silent",
  severity: "medium",
  rationale:
    "Whoever still speaks in a replaced room speaks past those who have moved, in a room that nobody watches.",
  how: `${curlState("m.room.tombstone")}, then ${curlMembers}`,
  cure: 'POST /_matrix/client/v3/rooms/$ROOM/kick for each who is still there, then leave; in m.room.power_levels set "events_default" to 100',
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroomtombstone"],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check(state, _context, { timeline }) {
    if (state.tombstone === null)
      return [{ result: "not-applicable", message: "the room has not been replaced" }];
    const here = joined(state);
    if (here.length === 0) return [];
    const envelopes = "value" in timeline ? timeline.value.envelopes : [];
    const at = envelopes.findIndex(({ type, stateKey }) => type === "m.room.tombstone" && stateKey === "");
    // further back than was read: all of it came later
    const later = envelopes
      .slice(0, at < 0 ? undefined : at)
      .filter(({ stateKey, isRedacted }) => stateKey === undefined && !isRedacted);
    const { successor } = state.tombstone;
    return [
      {
        result: later.length > 0 ? "fail" : "warn",
        ...(later.length === 0 && { severity: "low" as const }),
        message: `the room was replaced${successor === null ? "" : ` by ${successor}`}, and ${counted(here.length, "member")} ${here.length === 1 ? "is" : "are"} still in it${later.length > 0 ? `; ${counted(later.length, "event")} came after its end` : ""}`,
      },
    ];
  },
});
