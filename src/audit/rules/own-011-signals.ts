import { defineRule } from "../rule.ts";

const SIGNALS = ["typing", "receipts", "reactions"] as const;
const SEEN = {
  typing: "when a recording is made ready",
  receipts: "when a voice message was handed on",
  reactions: "what became of a voice message",
};

export const signals = defineRule({
  id: "SOTTO-OWN-011",
  title: "We show nothing in clear",
  severity: "low",
  rationale:
    "Typing, receipts and reactions are not encrypted: homeservers see when something was recorded, heard or handed on.",
  how: "`sotto config show`, or `grep -n -A3 '^signals:' sotto.yaml`",
  cure: "set it to false under `signals` in sotto.yaml and restart Sotto",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#receipts"],
  since: "0.1.0",
  about: "own",
  reads: (own) => ("unread" in own ? own : { value: own.value.settings }),
  check({ signals }) {
    const shown = SIGNALS.filter((signal) => signals[signal]);
    if (shown.length === 0) return [];
    return [
      {
        result: "warn",
        message: `homeservers see ${shown.map((signal) => SEEN[signal]).join(", ")}`,
        cure: `set \`signals: {${shown.map((signal) => `${signal}: false`).join(", ")}}\` in sotto.yaml and restart Sotto`,
      },
    ];
  },
});
