import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { defineRule } from "../rule.ts";
import { span } from "../say.ts";

export const retention = defineRule({
  id: "SOTTO-META-009",
  title: "The room's messages are not kept for longer than the policy says",
  severity: "low",
  rationale:
    "What a homeserver has deleted nobody can demand of it or steal from it: ciphertext, and who wrote when to whom.",
  how: `${curlState("m.room.retention")}: "max_lifetime", in milliseconds`,
  cure: 'send m.room.retention {"max_lifetime": MILLISECONDS}, and in homeserver.yaml set retention.enabled to true: what is older is deleted, which cannot be undone',
  references: [
    "https://github.com/matrix-org/matrix-spec-proposals/pull/1763",
    "https://element-hq.github.io/synapse/latest/message_retention_policies.html",
  ],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check(state, { facts, policy }, { roomId }) {
    const { maxRetentionMs } = policyFor(policy, roomId);
    if (maxRetentionMs === null)
      return [{ result: "not-applicable", message: "the policy does not say how long messages may be kept" }];
    const keptMs = state.retention?.maxLifetimeMs;
    if (keptMs !== undefined && keptMs <= maxRetentionMs) return [];
    const { config } = facts.homeserver;
    if (keptMs === undefined && "value" in config) {
      const { isEnabled, maxLifetimeMs } = config.value.retention;
      if (isEnabled && maxLifetimeMs !== null && maxLifetimeMs <= maxRetentionMs)
        return [{ result: "pass", message: `the homeserver keeps them for ${span(maxLifetimeMs)}` }];
    }
    const said =
      keptMs === undefined
        ? `the room does not say how long its messages are kept${"unread" in config ? ", and what the homeserver does by default was not read" : ""}`
        : `the room's messages are kept for ${span(keptMs)}`;
    return [
      {
        result: "fail",
        message: `${said}; the policy allows ${span(maxRetentionMs)}`,
        cure: `send m.room.retention ${JSON.stringify({ max_lifetime: maxRetentionMs })}, and in homeserver.yaml set retention.enabled to true: what is older is deleted, which cannot be undone`,
      },
    ];
  },
});
