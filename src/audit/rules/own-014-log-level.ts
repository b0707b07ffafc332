import { defineRule } from "../rule.ts";

export const ownLogLevel = defineRule({
  id: "SOTTO-OWN-014",
  title: "Our own log tells little",
  severity: "low",
  rationale:
    "At level debug the log names each request with its room, and when: it holds no message and no key, but who spoke where.",
  how: "`sotto config show`, or `grep -n -A2 '^log:' sotto.yaml`",
  cure: "set `log: {level: info}` in sotto.yaml and restart Sotto, then delete the log that was written before",
  references: ["https://spec.matrix.org/v1.19/appendices/#common-identifier-format"],
  since: "0.1.0",
  about: "own",
  reads: (own) => ("unread" in own ? own : { value: own.value.settings }),
  check({ logLevel }) {
    return logLevel === "debug"
      ? [{ result: "warn", message: "our log, at level debug, names each request with its room" }]
      : [];
  },
});
