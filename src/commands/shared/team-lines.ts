import { groupsOfFour } from "../../model/fingerprint.ts";
import type { TeamOutcome, TeamPerson, TeamPlan } from "../../model/team.ts";

/** What a person reads of a plan: the steps, each member with what is missing, and what they have to do themselves. */
export function planLines({ steps, rooms, people, operator }: TeamPlan): string[] {
  return [
    ...steps.flatMap(({ what, blocked }, at) => {
      if (blocked === undefined) return [`• ${what}`];
      // said once for those that it is true of
      const isLast = steps[at + 1]?.blocked !== blocked;
      return [`✗ ${what}`, ...(isLast ? [`    blocked: ${blocked}`] : [])];
    }),
    ...rooms.map(({ name, roomId }) => `room "${name}": ${roomId ?? "not made yet"}`),
    ...people.flatMap(personLines),
    ...operator.map((what) => `! ${what}`),
  ];
}

function personLines(person: TeamPerson): string[] {
  const { userId, name, masterKey, missing, verifiedBy } = person;
  const unread = unreadIn(person);
  const isComplete = missing.length === 0 && unread.length === 0;
  return [
    `${isComplete ? "✓" : "-"} ${userId}${name === null ? "" : ` (${name})`}`,
    ...("value" in masterKey && masterKey.value !== null
      ? [`    master key ${groupsOfFour(masterKey.value)}`]
      : []),
    ...("value" in verifiedBy && verifiedBy.value.length > 0
      ? [`    verified by ${verifiedBy.value.join(", ")}`]
      : []),
    ...missing.map((what) => `    ${what}`),
    ...unread.map((why) => `    not checked: ${why}`),
  ];
}

/** What should have been read; what nobody gave the means for is not among it. */
function unreadIn({ account, loggedIn, masterKey, verifiedByUs, verifiedBy, rooms }: TeamPerson): string[] {
  const facts = [
    account,
    loggedIn,
    masterKey,
    verifiedByUs,
    verifiedBy,
    ...rooms.map((room) => room.membership),
  ];
  const reasons = facts.flatMap((fact) => ("unread" in fact && !fact.notAsked ? [fact.unread] : []));
  return [...new Set(reasons)];
}

/** Whether all is as the file says, nobody knows. */
export const isUnread = ({ people, rooms }: TeamPlan): boolean =>
  people.some((person) => unreadIn(person).length > 0) ||
  rooms.some(({ called, strangers }) => "unread" in called || "unread" in strangers);

export const outcomeLines = ({ step, result, message }: TeamOutcome): string[] => [
  `${result}: ${step.what}`,
  ...(message === undefined ? [] : [`    ${message}`]),
];
