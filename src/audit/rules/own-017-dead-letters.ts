import { defineRule } from "../rule.ts";
import { counted } from "../say.ts";

export const deadLetters = defineRule({
  id: "SOTTO-OWN-017",
  title: "No message was given up",
  severity: "low",
  rationale:
    "A recording that was given up has not reached its room, and goes for good when its time is over (`retention.failed`).",
  how: "`sotto queue list`",
  cure: "see the reasons with `sotto queue list`, then `sotto queue retry JOB` or `sotto queue drop JOB`",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid",
  ],
  since: "0.1.0",
  about: "own",
  reads: (own) => ("unread" in own ? own : { value: own.value.deadLetters }),
  check(count) {
    return count === 0
      ? []
      : [
          {
            result: "warn",
            message: `${counted(count, "message")} reached no room and ${count === 1 ? "was" : "were"} given up`,
          },
        ];
  },
});
