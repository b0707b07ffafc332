import { defineRule } from "../rule.ts";
import { span } from "../say.ts";

export const ownRotation = defineRule({
  id: "SOTTO-OWN-012",
  title: "Our room keys live no longer than the policy allows",
  severity: "medium",
  rationale: "Whoever gets hold of a room key reads all that it was used for.",
  how: "`sotto config show`, or `grep -n -A3 '^rotation:' sotto.yaml`",
  cure: "set `rotation` in sotto.yaml to what the policy allows and restart Sotto",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroomencryption"],
  since: "0.1.0",
  about: "own",
  reads: (own) => ("unread" in own ? own : { value: own.value.settings }),
  check({ rotation }, { policy }) {
    const most = policy.rooms.rotation;
    const longer = [
      ...(rotation.maxPeriodMs > most.maxPeriodMs
        ? [`live for ${span(rotation.maxPeriodMs)}, and the policy allows ${span(most.maxPeriodMs)}`]
        : []),
      ...(rotation.maxMessages > most.maxMessages
        ? [`are used for ${rotation.maxMessages} messages, and the policy allows ${most.maxMessages}`]
        : []),
    ];
    return longer.length === 0
      ? []
      : [{ result: "fail", message: `our room keys ${longer.join("; they ")}` }];
  },
});
