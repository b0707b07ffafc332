import { defineRule } from "../rule.ts";

export const sandboxRequired = defineRule({
  id: "SOTTO-OWN-013",
  title: "Recordings are decoded in a sandbox or not at all",
  severity: "low",
  rationale:
    "A recording comes from strangers, and a decoder has faults: outside a sandbox it reaches the store and its keys.",
  how: "`sotto doctor` (sandbox)",
  cure: "install bubblewrap (`apt install bubblewrap`), set `audio: {requireSandbox: true}` in sotto.yaml and restart Sotto",
  references: ["https://github.com/containers/bubblewrap"],
  since: "0.1.0",
  about: "own",
  reads: (own) => ("unread" in own ? own : { value: own.value.settings }),
  check({ requireSandbox }) {
    return requireSandbox
      ? []
      : [{ result: "warn", message: "recordings are decoded without a sandbox where there is none" }];
  },
});
