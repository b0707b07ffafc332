import { defineRule } from "../rule.ts";

export const shareWithAll = defineRule({
  id: "SOTTO-OWN-008",
  title: "Our keys go to devices that their owners have signed",
  severity: "high",
  rationale:
    "A homeserver can add a device to any account: with `all` it gets the keys, and with them everything that is sent from then on.",
  how: "`sotto config show`, or `grep -n shareWith sotto.yaml`",
  cure: "set `shareWith: signed` there in sotto.yaml and restart Sotto; what was shared until then cannot be taken back",
  references: ["https://github.com/matrix-org/matrix-spec-proposals/pull/4153"],
  since: "0.1.0",
  about: "own",
  reads: (own) => ("unread" in own ? own : { value: own.value.settings }),
  check({ shareWith, rooms }) {
    const everywhere =
      shareWith === "all"
        ? [{ result: "fail" as const, message: "room keys go to devices that nobody has signed" }]
        : [];
    const here = Object.entries(rooms)
      .filter(([, own]) => own.shareWith === "all")
      .map(([roomId]) => ({
        result: "fail" as const,
        message: "this room's keys go to devices that nobody has signed",
        subject: { roomId },
      }));
    return [...everywhere, ...here];
  },
});
