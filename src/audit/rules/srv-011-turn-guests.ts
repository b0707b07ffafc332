import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";

export const turnGuests = defineRule({
  id: "SOTTO-SRV-011",
  title: "Guests get no TURN credentials",
  severity: "low",
  rationale: "A guest, who is nobody, can relay any traffic through the TURN server.",
  how: "`grep -E 'turn_allow_guests|allow_guest_access' homeserver.yaml` (absent: true, false)",
  cure: "set `turn_allow_guests: false` in homeserver.yaml and restart Synapse",
  references: [manual("turn_allow_guests")],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ turn, areGuestsAllowed }) {
    if (!areGuestsAllowed) return [{ result: "not-applicable", message: "there are no guests" }];
    if (!turn.hasSharedSecret && !turn.hasStaticPassword)
      return [{ result: "not-applicable", message: "homeserver.yaml names no TURN server" }];
    return turn.areGuestsAllowed ? [{ result: "fail", message: "guests are given TURN credentials" }] : [];
  },
});
