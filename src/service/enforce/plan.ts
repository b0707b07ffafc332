import { makePlan } from "../../enforce/index.ts";
import { createEnforcer } from "../../matrix/index.ts";
import type { EnforcedState, EnforcementPlan } from "../../model/enforcement.ts";
import type { Facts } from "../../model/facts.ts";
import type { RoomId } from "../../model/ids.ts";
import type { Policy } from "../../model/policy.ts";
import type { Account } from "../account.ts";
import { collectFacts } from "../audit/collect.ts";

export interface PlanArguments {
  policy: Policy;
  /** IDs or aliases; every room that the account is in, unless told. */
  rooms?: string[];
  /** How many events of each room's past are looked at. */
  depth?: number;
  /** Rooms that shall be replaced if that is what it takes. */
  replace?: RoomId[];
  /** With it, media go with what is redacted. */
  adminTokenFile?: string;
}

/** So many rooms are read at a time. */
const LANES = 4;

/** Reads the rooms, and says what brings them to policy. Nothing is changed. */
export async function planEnforcement(
  account: Account,
  args: PlanArguments,
  signal: AbortSignal,
): Promise<EnforcementPlan> {
  const { rooms, depth, policy, replace = [], adminTokenFile } = args;
  const facts = await collectFacts(account, { ...(rooms && { rooms }), ...(depth && { depth }) }, signal);
  return makePlan({
    ...{ facts, policy, replace },
    states: await statesOf(account, facts, signal),
    warnings: account.store.enforcement.warnings(),
    purges: adminTokenFile !== undefined,
    nowMs: Date.now(),
  });
}

/** What stands in each room; of one that cannot be read, nothing. */
async function statesOf(
  { transport, logger }: Account,
  facts: Facts,
  signal: AbortSignal,
): Promise<Record<RoomId, EnforcedState>> {
  const enforcer = createEnforcer(transport);
  const states: Record<RoomId, EnforcedState> = {};
  const left = facts.rooms.filter(({ state }) => "value" in state).map(({ roomId }) => roomId);
  const lane = async (): Promise<void> => {
    for (let roomId = left.shift(); roomId !== undefined; roomId = left.shift()) {
      signal.throwIfAborted();
      try {
        states[roomId] = await enforcer.state(roomId);
      } catch (thrown) {
        logger.warn("a room's state could not be read", { roomId, reason: (thrown as Error).message });
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return states;
}
