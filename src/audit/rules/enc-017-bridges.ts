import { policyFor } from "../../model/policy.ts";
import { bridgesOf, PROTOCOLS } from "../bridges.ts";
import { curlWholeState } from "../how.ts";
import { defineRule } from "../rule.ts";

export const bridges = defineRule({
  id: "SOTTO-ENC-017",
  title: "No bridge ends the room's encryption, but those that the policy accepts",
  severity: "high",
  rationale:
    "A bridge decrypts everything to carry it over: whoever runs it can read the room, and mostly the other network can, too.",
  how: `${curlWholeState}: m.bridge and uk.half-shot.bridge, and members whose names are those of a bridge's bot or ghosts, such as @telegrambot or @telegram_123`,
  cure: "kick the bridge's bot and then its ghosts, or accept the protocol in the policy (rooms.bridges)",
  references: [
    "https://github.com/matrix-org/matrix-spec-proposals/pull/2346",
    "https://docs.mau.fi/bridges/general/end-to-bridge-encryption.html",
  ],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check(state, { policy }, { roomId }) {
    const accepted = policyFor(policy, roomId).bridges.map((protocol) => protocol.toLowerCase());
    const found = bridgesOf(state).filter(({ protocol }) => !accepted.includes(protocol));
    return found.map(({ protocol, by, userId }) => {
      const who = userId ?? "its bot";
      const seen =
        by === "state" ? `has a ${protocol} bridge` : `looks as if it had a ${protocol} bridge (${who})`;
      const reads = Object.hasOwn(PROTOCOLS, protocol)
        ? PROTOCOLS[protocol]
        : "who reads it there is not known";
      return {
        result: "fail",
        ...(userId !== null && { subject: { userId } }),
        message: `the room ${seen}, which ends the encryption; on the other side ${reads}`,
        cure: `POST /_matrix/client/v3/rooms/${roomId}/kick ${JSON.stringify({ user_id: who })} and the same for its ghosts, or accept ${protocol} in the policy (rooms.bridges)`,
      };
    });
  },
});
