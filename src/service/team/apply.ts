import { newRoom } from "../../enforce/index.ts";
import { causeText, type SottoError, toSottoError } from "../../errors.ts";
import { createEnforcer, type NewAccount } from "../../matrix/index.ts";
import type { RoomId, UserId } from "../../model/ids.ts";
import type { Policy } from "../../model/policy.ts";
import {
  roomPolicyOf,
  type Team,
  type TeamOutcome,
  type TeamPlan,
  type TeamRoom,
  type TeamStep,
} from "../../model/team.ts";
import type { Account } from "../account.ts";
import { makeOnce } from "../enforce/make-room.ts";
import type { AccountMaker } from "./accounts.ts";
import { markerOf } from "./read.ts";

export interface TeamHands {
  account: Account;
  team: Team;
  policy: Policy;
  /** Undefined where there is neither a token nor a secret. */
  maker: AccountMaker | undefined;
  /** Whose password is in a file by now. */
  passwords: Readonly<Record<UserId, string>>;
  signal: AbortSignal;
}

const WAS_THERE =
  "somebody has made it meanwhile: it is left as it is, and what was to be its password opens nothing";

/** Does what is planned, one step after another. What depends on a step that failed is not tried; all else goes on. */
export async function applyTeam(hands: TeamHands, plan: TeamPlan): Promise<TeamOutcome[]> {
  const outcomes: TeamOutcome[] = [];
  const roomIds = new Map(plan.rooms.map(({ room, roomId }) => [room, roomId]));
  const lacking = new Set<string>();
  for (const step of plan.steps) {
    hands.signal.throwIfAborted();
    const outcome = await applyStep(hands, step, roomIds, lacking);
    outcomes.push(outcome);
    if (outcome.result === "done" || outcome.result === "was-done") continue;
    if (step.request.kind === "account") lacking.add(step.request.userId);
  }
  return outcomes;
}

async function applyStep(
  hands: TeamHands,
  step: TeamStep,
  roomIds: Map<string, RoomId | null>,
  lacking: ReadonlySet<string>,
): Promise<TeamOutcome> {
  const { request, blocked } = step;
  if (blocked !== undefined) return { step, result: "blocked", message: blocked };
  try {
    if (request.kind === "account") return await makeAccount(hands, step, request.userId);
    const room = hands.team.rooms.find(({ key }) => key === request.room)!;
    if (request.kind === "room") {
      roomIds.set(room.key, await makeRoom(hands, room));
      return { step, result: "done" };
    }
    const roomId = roomIds.get(room.key);
    if (!roomId) return { step, result: "not-tried", message: "the room is not there" };
    switch (request.kind) {
      case "name":
        await createEnforcer(hands.account.transport).rename(roomId, room.name);
        return { step, result: "done" };
      case "invite":
        if (lacking.has(request.userId))
          return { step, result: "not-tried", message: "the account is not there" };
        return { step, result: await invite(hands.account, roomId, request.userId) };
    }
  } catch (thrown) {
    hands.signal.throwIfAborted();
    return { step, result: "failed", message: reasonOf(toSottoError(thrown)) };
  }
}

function reasonOf({ message, cause }: SottoError): string {
  const why = causeText(cause);
  return why === undefined ? message : `${message}: ${why}`;
}

async function makeAccount(
  { maker, passwords, team }: TeamHands,
  step: TeamStep,
  userId: UserId,
): Promise<TeamOutcome> {
  const password = passwords[userId];
  if (!maker || password === undefined)
    return { step, result: "failed", message: "the account was not missing a moment ago: apply again" };
  const { name } = team.members.find((member) => member.userId === userId)!;
  const asked: NewAccount = { userId, displayName: name, password };
  const made = await maker.make(asked);
  return made ? { step, result: "done" } : { step, result: "was-done", message: WAS_THERE };
}

/** Who may do what we may stands in its first power levels. */
async function makeRoom({ account, team, policy }: TeamHands, room: TeamRoom): Promise<RoomId> {
  const rules = roomPolicyOf(policy, room);
  const users = Object.fromEntries(room.guards.map((userId) => [userId, rules.guardLevel]));
  const marker = markerOf(team.team, room.key);
  const { name, topic } = room;
  return makeOnce(account, { key: marker, marker }, newRoom(rules, { name, topic, invite: [], users }));
}

/** A lost answer is no failure: what stands there tells. */
async function invite(
  { transport, rooms }: Account,
  roomId: RoomId,
  userId: UserId,
): Promise<"done" | "was-done"> {
  const isThere = async (): Promise<boolean> => {
    const membership = (await rooms.state(roomId, "m.room.member", userId))?.membership;
    return membership === "invite" || membership === "join";
  };
  if (await isThere()) return "was-done";
  try {
    await createEnforcer(transport).invite(roomId, userId);
  } catch (thrown) {
    if (await isThere()) return "done";
    throw thrown;
  }
  return "done";
}
