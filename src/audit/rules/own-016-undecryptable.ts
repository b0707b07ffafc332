import { defineRule } from "../rule.ts";
import { counted } from "../say.ts";

export const undecryptable = defineRule({
  id: "SOTTO-OWN-016",
  title: "Every message could be decrypted",
  severity: "medium",
  rationale: "Somebody's client has not given us its key: they speak, and nobody hears it.",
  how: "`sotto why EVENT`",
  cure: "let the senders see whether their client holds our device for unverified, verify each other (`sotto verify USER`), and ask them to send it again",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#reporting-that-decryption-keys-are-withheld",
  ],
  since: "0.1.0",
  about: "own",
  reads: (own) => ("unread" in own ? own : { value: own.value.undecryptable }),
  check(undecryptable) {
    return Object.entries(undecryptable)
      .filter(([, count]) => count > 0)
      .map(([roomId, count]) => ({
        result: "warn",
        subject: { roomId },
        message: `${counted(count, "message")} of this room could not be decrypted`,
      }));
  },
});
