import { DEFAULT_POLICY } from "../../../src/config/policy.ts";
import type { Policy } from "../../../src/model/policy.ts";

export const DAY_MS = 86_400_000;

/** Stricter than the default, so that each rule of rooms and people has something to hold them to. */
export const POLICY: Policy = {
  ...DEFAULT_POLICY,
  rooms: {
    ...DEFAULT_POLICY.rooms,
    historyVisibility: "invited",
    joinRules: ["invite", "restricted"],
    federated: false,
    inviteLevel: 50,
    maxGuards: 2,
    aliases: false,
    reactions: false,
    maxRetentionMs: 400 * DAY_MS,
    words: ["clinic"],
  },
  people: { ...DEFAULT_POLICY.people, maxDevices: 3 },
  homeserver: { ...DEFAULT_POLICY.homeserver, encryptionByDefault: false },
};
