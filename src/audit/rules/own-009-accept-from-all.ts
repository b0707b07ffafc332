import { defineRule } from "../rule.ts";

export const acceptFromAll = defineRule({
  id: "SOTTO-OWN-009",
  title: "Messages are taken from devices that their owners have signed",
  severity: "high",
  rationale:
    "With `all` a device that a homeserver has added speaks in anybody's name, and what it says is handed on as theirs.",
  how: "`sotto config show`, or `grep -n acceptFrom sotto.yaml`",
  cure: "set `acceptFrom: signed` there in sotto.yaml and restart Sotto",
  references: ["https://github.com/matrix-org/matrix-spec-proposals/pull/4153"],
  since: "0.1.0",
  about: "own",
  reads: (own) => ("unread" in own ? own : { value: own.value.settings }),
  check({ acceptFrom, rooms }) {
    const everywhere =
      acceptFrom === "all"
        ? [{ result: "fail" as const, message: "messages are taken from devices that nobody has signed" }]
        : [];
    const here = Object.entries(rooms)
      .filter(([, own]) => own.acceptFrom === "all")
      .map(([roomId]) => ({
        result: "fail" as const,
        message: "this room's messages are taken from devices that nobody has signed",
        subject: { roomId },
      }));
    return [...everywhere, ...here];
  },
});
