import type { Facts } from "../../../src/model/facts.ts";
import type { OwnFacts } from "../../../src/model/own-facts.ts";
import { BOT, known, NOW_MS, own, ROOM } from "../../support/facts.ts";
import type { Fault } from "./fault.ts";

const inOwn = (change: Partial<OwnFacts>): Partial<Facts> => ({ own: known(own(change)) });
const inSettings = (change: Partial<OwnFacts["settings"]>) =>
  inOwn({ settings: { ...own().settings, ...change } });
const sound = { exists: true, isDeviceSigned: true, hasChanged: false, arePrivateKeysHere: true };

export const OWN_FAULTS: Fault[] = [
  {
    name: "no identity of our own",
    change: inOwn({
      identity: known({ ...sound, exists: false, isDeviceSigned: false, arePrivateKeysHere: false }),
    }),
    rules: ["OWN-001"],
  },
  {
    name: "another identity",
    change: inOwn({ identity: known({ ...sound, hasChanged: true }) }),
    rules: ["OWN-002"],
  },
  {
    name: "our device unsigned",
    change: inOwn({ identity: known({ ...sound, isDeviceSigned: false }) }),
    rules: ["OWN-003"],
  },
  {
    name: "our keys elsewhere",
    change: inOwn({ identity: known({ ...sound, arePrivateKeysHere: false }) }),
    rules: ["OWN-004"],
  },
  { name: "no key backup", change: inOwn({ backup: known(null) }), rules: ["OWN-005"] },
  {
    name: "a stranger's key backup",
    change: inOwn({ backup: known({ version: "2", isTrusted: false, isInUse: false }) }),
    rules: ["OWN-006"],
  },
  { name: "no recovery drill", change: inOwn({ recoveryDrilledMs: known(null) }), rules: ["OWN-007"] },
  { name: "keys for all", change: inSettings({ shareWith: "all" }), rules: ["OWN-008"] },
  {
    name: "a room whose messages are taken from all",
    change: inSettings({ rooms: { [ROOM]: { acceptFrom: "all" } } }),
    rules: ["OWN-009"],
  },
  {
    name: "clear messages taken",
    change: inSettings({ rooms: { [ROOM]: { acceptClear: true } } }),
    rules: ["OWN-010"],
  },
  {
    name: "receipts shown",
    change: inSettings({ signals: { typing: false, receipts: true, reactions: false } }),
    rules: ["OWN-011"],
  },
  {
    name: "keys that live long",
    change: inSettings({ rotation: { maxPeriodMs: 604_800_001, maxMessages: 100 } }),
    rules: ["OWN-012"],
  },
  { name: "no sandbox required", change: inSettings({ requireSandbox: false }), rules: ["OWN-013"] },
  { name: "a log of ours at debug", change: inSettings({ logLevel: "debug" }), rules: ["OWN-014"] },
  {
    name: "a room that waits",
    change: inOwn({ held: [{ roomId: ROOM, userId: BOT, because: "member" }] }),
    rules: ["OWN-015"],
  },
  { name: "messages nobody could read", change: inOwn({ undecryptable: { [ROOM]: 1 } }), rules: ["OWN-016"] },
  { name: "messages given up", change: inOwn({ deadLetters: 1 }), rules: ["OWN-017"] },
  { name: "messages of unknown fate", change: inOwn({ uncertain: 1 }), rules: ["OWN-018"] },
  {
    name: "a waiver whose last day is over",
    change: { collectedMs: NOW_MS + 43_200_000 },
    more: {
      waivers: [
        {
          ...{ ruleId: "SOTTO-ENC-001", subject: { roomId: ROOM } },
          ...{ owner: "ops", reason: "moved soon", expires: "2026-11-01", where: "waivers.yaml:2" },
        },
      ],
    },
    rules: ["OWN-030"],
  },
];
