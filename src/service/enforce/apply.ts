import { isSame } from "../../enforce/index.ts";
import { toSottoError } from "../../errors.ts";
import type { EnforcementPlan, RoomPlan, Step, StepOutcome } from "../../model/enforcement.ts";
import type { RoomId } from "../../model/ids.ts";
import { act, standingOf } from "./act.ts";
import type { Hands } from "./hands.ts";

export interface ApplyOptions {
  /** Rooms whose steps that cannot be undone are done too: somebody has typed their IDs. */
  confirmed: readonly RoomId[];
  /** What a person has looked at: where the new plan says something else of a room, nothing is done there. */
  looked?: EnforcementPlan;
  signal: AbortSignal;
}

const STALE = "the room is not as it was when this was planned: plan again";

/** Does what is planned, room by room. What fails ends its own room, and no other. */
export async function applyPlan(
  hands: Hands,
  plan: EnforcementPlan,
  options: ApplyOptions,
): Promise<StepOutcome[]> {
  const { enforcement } = hands.account.store;
  for (const { roomId, userId } of plan.cleared) enforcement.forgive(roomId, userId);
  const outcomes: StepOutcome[] = [];
  for (const room of plan.rooms) {
    options.signal.throwIfAborted();
    outcomes.push(...(await applyRoom(hands, room, options)));
  }
  return outcomes;
}

async function applyRoom(
  hands: Hands,
  { roomId, steps }: RoomPlan,
  { confirmed, looked, signal }: ApplyOptions,
): Promise<StepOutcome[]> {
  const all = (result: StepOutcome["result"], message: string): StepOutcome[] =>
    steps.map((step) => ({ step, result, message }));
  if (steps.length === 0) return [];
  if (looked && !isAsLookedAt(looked, roomId, steps)) return all("stale", STALE);
  try {
    const now = await hands.enforcer.state(roomId);
    for (const step of steps)
      if (step.request.kind === "state" && (await standingOf(hands, step, now)) === "stale")
        return all("stale", STALE);
  } catch (thrown) {
    return all("failed", toSottoError(thrown).message);
  }
  const outcomes: StepOutcome[] = [];
  let hasFailed = false;
  for (const step of steps) {
    signal.throwIfAborted();
    const outcome: StepOutcome = hasFailed
      ? { step, result: "not-tried", message: "a step before it failed" }
      : await applyStep(hands, step, confirmed.includes(roomId));
    hasFailed ||= outcome.result === "failed" || outcome.result === "stale";
    outcomes.push(outcome);
  }
  return outcomes;
}

const isAsLookedAt = (looked: EnforcementPlan, roomId: RoomId, steps: readonly Step[]): boolean =>
  isSame(
    looked.rooms.find((room) => room.roomId === roomId)?.steps.map(({ id }) => id) ?? [],
    steps.map(({ id }) => id),
  );

/** What is about to be done is durable before it is asked for, with what was there before. */
async function applyStep(hands: Hands, step: Step, isConfirmed: boolean): Promise<StepOutcome> {
  if (step.blocked !== undefined) return { step, result: "blocked", message: step.blocked };
  if (needsConfirmation(step) && !isConfirmed) {
    const message = `it cannot be undone: give --confirm ${step.roomId} to have it done`;
    return { step, result: "unconfirmed", message };
  }
  const { enforcement } = hands.account.store;
  let number: number | undefined;
  try {
    const standing = await standingOf(hands, step);
    if (standing === "done") return { step, result: "was-done" };
    if (standing === "stale") return { step, result: "stale", message: STALE };
    number = enforcement.begin(step, Date.now());
    const stays = await act(hands, step);
    enforcement.end(number, "done");
    // whoever comes back begins anew
    if (step.request.kind === "kick") enforcement.forgive(step.roomId, step.request.userId);
    return { step, result: "done", ...(stays !== undefined && { message: stays }) };
  } catch (thrown) {
    const { message, code } = toSottoError(thrown);
    // whether it arrived is not known: what stands there later tells
    if (number !== undefined && code !== "SEND_UNCERTAIN" && code !== "HOMESERVER_UNREACHABLE")
      enforcement.end(number, "failed");
    return { step, result: "failed", message };
  }
}

/** A notice cannot be unsaid either, and harms nobody. */
export const needsConfirmation = ({ reversible, request }: Step): boolean =>
  !reversible && request.kind !== "warn";
