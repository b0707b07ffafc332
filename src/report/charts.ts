import type { Facts, UserFacts } from "../model/facts.ts";
import type { Policy } from "../model/policy.ts";
import { policyFor } from "../model/policy.ts";
import type { Bar, Charts } from "../model/report.ts";
import type { RoomFacts } from "../model/room-facts.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const SPANS: readonly [label: string, lessThanMs: number][] = [
  ["under an hour", HOUR_MS],
  ["under a day", DAY_MS],
  ["under 3 days", 3 * DAY_MS],
  ["under a week", 7 * DAY_MS],
  ["under 2 weeks", 14 * DAY_MS],
  ["under a month", 30 * DAY_MS],
  ["longer", Number.POSITIVE_INFINITY],
];

/** What is drawn of an audit. Nobody is named in it. */
export function chartsOf(facts: Facts, policy: Policy, history: Charts["history"]): Charts {
  return { sessions: sessionBars(facts.rooms, policy), devices: deviceBars(facts.users), history };
}

/** From a sender's first event with a session to the last that was seen; red where it is longer than the policy has it. */
function sessionBars(rooms: readonly RoomFacts[], policy: Policy): Bar[] {
  const counts = SPANS.map(() => ({ kept: 0, over: 0 }));
  for (const room of rooms) {
    if ("unread" in room.timeline) continue;
    const { maxPeriodMs } = policyFor(policy, room.roomId).rotation;
    const seen = new Map<string, [firstMs: number, lastMs: number]>();
    for (const { sessionId, sender, sentMs } of room.timeline.value.envelopes) {
      if (sessionId === undefined) continue;
      const key = JSON.stringify([sender, sessionId]);
      const [first, last] = seen.get(key) ?? [sentMs, sentMs];
      seen.set(key, [Math.min(first, sentMs), Math.max(last, sentMs)]);
    }
    for (const [first, last] of seen.values()) {
      const spanMs = last - first;
      const count = counts[SPANS.findIndex(([, lessThanMs]) => spanMs < lessThanMs)];
      if (count) count[spanMs > maxPeriodMs ? "over" : "kept"] += 1;
    }
  }
  return SPANS.flatMap(([label], at): Bar[] => {
    const { kept, over } = counts[at]!;
    return [
      { label, count: kept, tone: "good" },
      ...(over > 0 ? [{ label: `${label}, over policy`, count: over, tone: "bad" as const }] : []),
    ];
  });
}

const isVerified = ({ identity }: UserFacts): boolean =>
  "value" in identity &&
  identity.value !== null &&
  "value" in identity.value.isVerifiedByUs &&
  identity.value.isVerifiedByUs.value;

function deviceBars(users: readonly UserFacts[]): Bar[] {
  const counts = { verified: 0, signed: 0, unsigned: 0, forged: 0, unread: 0 };
  for (const user of users) {
    if ("unread" in user.devices) {
      counts.unread += 1;
      continue;
    }
    for (const { keys, isSelfSigned, isCrossSigned } of user.devices.value) {
      if (!keys) continue; // it takes no part in encryption
      if (!isSelfSigned) counts.forged += 1;
      else if (!isCrossSigned) counts.unsigned += 1;
      else if (isVerified(user)) counts.verified += 1;
      else counts.signed += 1;
    }
  }
  return [
    { label: "signed, owner verified by us", count: counts.verified, tone: "good" },
    { label: "signed by their owner", count: counts.signed, tone: "good" },
    { label: "not signed by their owner", count: counts.unsigned, tone: "bad" },
    { label: "not even signed by themselves", count: counts.forged, tone: "bad" },
    { label: "users whose devices are unread", count: counts.unread, tone: "unknown" },
  ];
}
