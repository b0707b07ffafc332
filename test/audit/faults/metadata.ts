import { DAY_MS, envelope, inState, policy, saying, withDevice } from "../rules/changed.ts";
import type { Fault } from "./fault.ts";

const words = policy({ words: ["clinic"] });

export const METADATA_FAULTS: Fault[] = [
  { name: "a name that tells", change: inState({ name: "The Clinic" }), rules: ["META-001"], more: words },
  { name: "a topic that tells", change: inState({ topic: "The Clinic" }), rules: ["META-002"], more: words },
  {
    name: "an address that tells",
    change: inState({ aliases: ["#clinic:example.org"] }),
    rules: ["META-003"],
    more: words,
  },
  {
    name: "an address",
    change: inState({ aliases: ["#team:example.org"] }),
    rules: ["META-004"],
    more: policy({ aliases: false }),
  },
  { name: "a picture", change: inState({ avatarUrl: "mxc://example.org/face" }), rules: ["META-005"] },
  { name: "an answer", change: saying(envelope({ relation: "m.in_reply_to" })), rules: ["META-006"] },
  {
    name: "a reaction in clear",
    change: saying(envelope({ type: "m.reaction", relation: "m.annotation" })),
    rules: ["META-007"],
    more: policy({ reactions: false }),
  },
  {
    name: "a device that is called by its address",
    change: withDevice({ displayName: "desk 192.168.1.7" }),
    rules: ["META-008"],
  },
  {
    name: "messages that are kept for two years",
    change: inState({ retention: { maxLifetimeMs: 730 * DAY_MS } }),
    rules: ["META-009"],
    more: policy({ maxRetentionMs: 400 * DAY_MS }),
  },
];
