import { policyFor } from "../../model/policy.ts";
import { bridgesOf, PROTOCOLS } from "../bridges.ts";
import { curlWholeState } from "../how.ts";
import { defineRule } from "../rule.ts";
import { named } from "../say.ts";

export const bridges = defineRule({
  id: "SOTTO-ENC-017",
  title: "No bridge ends the room's encryption, but those that the policy accepts",
  severity: "high",
  rationale:
    "A bridge decrypts everything to carry it over: whoever runs it can read the room, and mostly the other network can, too.",
  how: `${curlWholeState}: m.bridge and uk.half-shot.bridge, and members whose names are those of a bridge's bot or ghosts, such as @telegrambot or @telegram_123`,
  cure: "kick the bridge's bot and its ghosts, then send its m.bridge with the content {}; or accept the protocol in the policy (rooms.bridges)",
  references: [
    "https://github.com/matrix-org/matrix-spec-proposals/pull/2346",
    "https://docs.mau.fi/bridges/general/end-to-bridge-encryption.html",
  ],
  since: "0.1.0",
  about: "room",
  readsNames: true,
  reads: ({ state }) => state,
  check(state, { policy }, { roomId }) {
    const accepted = policyFor(policy, roomId).bridges.map((protocol) => protocol.toLowerCase());
    const found = bridgesOf(state).filter(({ protocol }) => !accepted.includes(protocol));
    return found.map(({ protocol, stateKeys, users }) => {
      const seen =
        stateKeys.length > 0
          ? `has a ${protocol} bridge`
          : `looks as if it had a ${protocol} bridge (${named(users)})`;
      const reads = PROTOCOLS.get(protocol) ?? "who reads it there is not known";
      const steps = [
        ...(users.length > 0 ? [`kick ${named(users, 20)}`] : []),
        ...(stateKeys.length > 0
          ? [
              `send m.bridge and uk.half-shot.bridge with the content {} and the state key ${named(stateKeys, 20)}`,
            ]
          : []),
      ];
      return {
        result: "fail",
        ...(users[0] !== undefined && { subject: { userId: users[0] } }),
        message: `the room ${seen}, which ends the encryption; on the other side ${reads}`,
        cure: `${steps.join(", then ")}; or accept ${protocol} in the policy (rooms.bridges)`,
      };
    });
  },
});
