import { isSame } from "../../enforce/index.ts";
import type { RoomId } from "../../model/ids.ts";
import { type Policy, policyFor, type RoomPolicy } from "../../model/policy.ts";
import { roomPolicyOf, type TeamRoom } from "../../model/team.ts";

/** Audits know a room's exception by its ID, which nobody had before it was made: what has to stand in the policy. */
export function exceptionsMissing(policy: Policy, room: TeamRoom, roomId: RoomId | null): string[] {
  if (roomId === null) return [];
  const holds = policyFor(policy, roomId);
  const meant = roomPolicyOf(policy, room);
  const differs = (Object.keys(meant) as (keyof RoomPolicy)[]).filter(
    (key) => !isSame(holds[key] as never, meant[key] as never),
  );
  if (differs.length === 0) return [];
  const said = Object.fromEntries(differs.flatMap((key) => Object.entries(writtenAs(key, meant))));
  return [
    `put what differs in "${room.name}" into the policy, for audits to know it: except: { ${JSON.stringify(roomId)}: ${JSON.stringify(said)} }`,
  ];
}

/** As a policy file has it; durations there are strings. */
function writtenAs(key: keyof RoomPolicy, policy: RoomPolicy): Record<string, unknown> {
  if (key === "rotation") {
    const { maxPeriodMs, maxMessages } = policy.rotation;
    return { rotation: { maxPeriod: seconds(maxPeriodMs), maxMessages } };
  }
  if (key === "maxRetentionMs")
    return { maxRetention: policy.maxRetentionMs === null ? null : seconds(policy.maxRetentionMs) };
  return { [key]: policy[key] };
}

const seconds = (ms: number): string => `${Math.ceil(ms / 1000)}s`;
