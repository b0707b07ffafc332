import { defineRule } from "../rule.ts";
import { counted } from "../say.ts";

export const uncertain = defineRule({
  id: "SOTTO-OWN-018",
  title: "It is known of every message whether it arrived",
  severity: "low",
  rationale:
    "The homeserver answered nothing when it was sent: it may be in the room, or not, and is not sent again by itself.",
  how: "`sotto doctor` (uncertain)",
  cure: "look into the room, and send the recording again if it is not there",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid",
  ],
  since: "0.1.0",
  about: "own",
  reads: (own) => ("unread" in own ? own : { value: own.value.uncertain }),
  check(count) {
    return count === 0
      ? []
      : [{ result: "warn", message: `${counted(count, "message")} may have arrived or not` }];
  },
});
