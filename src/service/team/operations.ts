import type { UserId } from "../../model/ids.ts";
import type { Policy } from "../../model/policy.ts";
import type { Team, TeamOutcome, TeamPlan } from "../../model/team.ts";
import type { Account } from "../account.ts";
import { Asking } from "../audit/asking.ts";
import { handInPieces, signalOf } from "../call.ts";
import { inTurn } from "../enforce/in-turn.ts";
import type { Call } from "../operations.ts";
import { type AccountMaker, type MakingArguments, openMaker } from "./accounts.ts";
import { applyTeam } from "./apply.ts";
import { planTeam } from "./plan.ts";
import { readTeam } from "./read.ts";

export interface TeamArguments extends MakingArguments {
  team: Team;
  policy: Policy;
}

export interface TeamApplyArguments extends TeamArguments {
  /** Of accounts that are missing; each is on the disk already. */
  passwords: Record<UserId, string>;
}

/** What a command hears at the end. */
export interface TeamApplied {
  outcomes: TeamOutcome[];
  /** What holds now. */
  after: TeamPlan;
}

export async function plan(account: Account, call: Call): Promise<null> {
  const args = call.args as unknown as TeamArguments;
  using maker = openMaker(account, args);
  return handInPieces(call, await makePlan(account, args, maker, signalOf(call)));
}

export const apply = (account: Account, call: Call): Promise<null> =>
  inTurn(account, call, () => applyNow(account, call));

async function applyNow(account: Account, call: Call): Promise<null> {
  const { passwords, ...args } = call.args as unknown as TeamApplyArguments;
  const { team, policy } = args;
  const signal = signalOf(call);
  using maker = openMaker(account, args);
  const before = await makePlan(account, args, maker, signal);
  const outcomes = await applyTeam({ account, team, policy, maker, passwords, signal }, before);
  const after = await makePlan(account, args, maker, signal);
  return handInPieces(call, { outcomes, after } satisfies TeamApplied);
}

async function makePlan(
  account: Account,
  { team, policy }: TeamArguments,
  maker: AccountMaker | undefined,
  signal: AbortSignal,
): Promise<TeamPlan> {
  const facts = await readTeam(account, team, new Asking(signal), maker?.admin);
  return planTeam({ team, policy, facts, makesAccounts: maker !== undefined });
}
