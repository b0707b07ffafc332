import { policyFor } from "../../model/policy.ts";
import { curlKeys, curlState } from "../how.ts";
import { joined, levelOf } from "../powers.ts";
import { defineRule, type Verdict } from "../rule.ts";
import { named } from "../say.ts";

export const guardWithoutIdentity = defineRule({
  id: "SOTTO-DEV-015",
  title: "Whoever can weaken a room has an identity",
  severity: "high",
  rationale:
    "An account that guards rooms is worth stealing; without an identity nobody sees when another device speaks for it.",
  how: `${curlState("m.room.power_levels")}, then ${curlKeys} for each user at the policy's guardLevel or above: "master_keys" has the user`,
  cure: "the user sets up secure backup in the client's security settings, which makes the identity; until then lower their power level",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#cross-signing",
    "https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels",
  ],
  since: "0.1.0",
  about: "user",
  reads: ({ identity }) => identity,
  check(identity, { facts, policy }, user): Verdict[] {
    if (identity !== null) return [];
    const theirs = facts.rooms.filter(({ roomId }) => user.rooms.includes(roomId));
    const guarded = theirs.filter(
      ({ roomId, state }) =>
        "value" in state &&
        joined(state.value).includes(user.userId) &&
        levelOf(state.value, user.userId) >= policyFor(policy, roomId).guardLevel,
    );
    if (guarded.length > 0) {
      const rooms = guarded.map(({ roomId }) => roomId);
      return [
        {
          result: "fail",
          message: `${user.userId} can weaken ${named(rooms)} and has no cross-signing identity`,
        },
      ];
    }
    const dark = theirs.filter(({ state }) => "unread" in state).map(({ roomId }) => roomId);
    return dark.length > 0
      ? [{ result: "not-checked", message: `what ${user.userId} may do in ${named(dark)} could not be read` }]
      : [{ result: "not-applicable", message: "the user guards no room" }];
  },
});
