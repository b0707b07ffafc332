import { ALICE, BOT, device, facts, known, NOW_MS, own, ROOM, user } from "../../support/facts.ts";
import { DAY_MS, inIdentity, ofAlice, people, withDevice } from "../rules/changed.ts";
import type { Fault } from "./fault.ts";

const account = { isDeactivated: false, isAdmin: false, userType: null, appservice: null, createdMs: 0 };
const withheld = (code: string) => ({
  own: known(own({ withheld: [{ roomId: ROOM, userId: ALICE, deviceId: "PHONE", code, atMs: NOW_MS }] })),
});
const others = facts().users.filter(({ userId }) => userId !== BOT);

export const DEVICE_FAULTS: Fault[] = [
  {
    name: "a member without an identity",
    change: { users: [...others, user(BOT, { identity: known(null) })] },
    rules: ["DEV-001"],
  },
  {
    name: "a guard without an identity",
    change: ofAlice({ identity: known(null) }),
    rules: ["DEV-001", "DEV-015"],
  },
  { name: "an unsigned device", change: withDevice({ isCrossSigned: false }), rules: ["DEV-002"] },
  {
    name: "an identity that does not hold together",
    change: inIdentity({ isConsistent: false }),
    rules: ["DEV-003"],
  },
  {
    name: "keys that no client made",
    change: withDevice({ isSelfSigned: false, isCrossSigned: false }),
    rules: ["DEV-004"],
  },
  { name: "an idle device", change: withDevice({ lastSeenMs: NOW_MS - 91 * DAY_MS }), rules: ["DEV-005"] },
  {
    name: "a device that was not there before",
    change: withDevice({}, { deviceId: "NEW" }),
    rules: ["DEV-006"],
    more: { previous: facts() },
  },
  { name: "another identity", change: inIdentity({ change: known("changed") }), rules: ["DEV-007"] },
  {
    name: "another identity of somebody verified",
    change: inIdentity({ change: known("changed-after-verification"), isVerifiedByUs: known(false) }),
    rules: ["DEV-008"],
  },
  {
    name: "a member whom nobody verified",
    change: inIdentity({ isVerifiedByUs: known(false) }),
    rules: ["DEV-009"],
    more: people({ verified: true }),
  },
  {
    name: "eleven devices",
    change: withDevice(...Array.from({ length: 11 }, (_, at) => ({ deviceId: `D${at}` }))),
    rules: ["DEV-010"],
  },
  {
    name: "a closed account that stayed",
    change: ofAlice({ account: known({ ...account, isDeactivated: true }) }),
    rules: ["DEV-011"],
  },
  {
    name: "a bot's unsigned device",
    change: ofAlice({
      account: known({ ...account, userType: "bot" }),
      devices: known([device({ isCrossSigned: false })]),
    }),
    rules: ["DEV-012"],
  },
  { name: "a device without a one-time key", change: withheld("m.no_olm"), rules: ["DEV-013"] },
  { name: "a device kept from our keys", change: withheld("m.unverified"), rules: ["DEV-014"] },
];
