import { readSecret } from "../../config/secrets.ts";
import { newRoom } from "../../enforce/index.ts";
import { createTransport, type Transport } from "../../matrix/index.ts";
import type { EnforcementPlan, StepOutcome } from "../../model/enforcement.ts";
import { isRoomAlias, type RoomId, type UserId } from "../../model/ids.ts";
import type { Policy } from "../../model/policy.ts";
import type { Account } from "../account.ts";
import type { Call } from "../operations.ts";
import { applyPlan } from "./apply.ts";
import { handsOf } from "./hands.ts";
import { type PlanArguments, planEnforcement } from "./plan.ts";
import { createFresh } from "./replace.ts";
import { type Undone, undoRoom } from "./undo.ts";

export interface ApplyArguments extends PlanArguments {
  confirmed: RoomId[];
  /** The plan that a person has looked at. */
  looked?: EnforcementPlan;
}

export interface CreateArguments {
  policy: Policy;
  name: string | null;
  topic: string | null;
  invite: UserId[];
}

/** What a command hears at the end. */
export interface Applied {
  plan: EnforcementPlan;
  outcomes: StepOutcome[];
}

export interface Created {
  roomId: RoomId;
}

/** What changes rooms is done one at a time: two at once would each find a thing undone, and do it twice. */
const turns = new WeakMap<Account, Promise<unknown>>();

function inTurn<T>(account: Account, work: () => Promise<T>): Promise<T> {
  const done = (turns.get(account) ?? Promise.resolve()).then(work);
  turns.set(
    account,
    done.catch(() => undefined),
  );
  return done;
}

/** A message on the control socket may not be longer. */
const PIECE = 1_000_000;

export async function plan(account: Account, call: Call): Promise<null> {
  return hand(call, await planEnforcement(account, call.args as unknown as PlanArguments, signalOf(call)));
}

export const apply = (account: Account, call: Call): Promise<null> =>
  inTurn(account, () => applyNow(account, call));

async function applyNow(account: Account, call: Call): Promise<null> {
  const args = call.args as unknown as ApplyArguments;
  const signal = signalOf(call);
  signal.throwIfAborted();
  const made = await planEnforcement(account, args, signal);
  const admin = args.adminTokenFile === undefined ? undefined : adminTransport(account, args.adminTokenFile);
  try {
    const { confirmed, looked } = args;
    const options = { confirmed, signal, ...(looked && { looked }) };
    const outcomes = await applyPlan(handsOf(account, admin), made, options);
    return await hand(call, { plan: made, outcomes } satisfies Applied);
  } finally {
    admin?.close();
  }
}

export async function undo(account: Account, { args }: Call): Promise<Undone[]> {
  const room = args.room as string;
  const roomId = isRoomAlias(room) ? await account.rooms.resolveAlias(room) : room;
  return inTurn(account, () => undoRoom(handsOf(account), roomId));
}

export async function create(account: Account, { args }: Call): Promise<Created> {
  const { policy, ...asked } = args as unknown as CreateArguments;
  return { roomId: await inTurn(account, () => createFresh(account, newRoom(policy.rooms, asked))) };
}

const signalOf = ({ signal, closing }: Call): AbortSignal =>
  closing ? AbortSignal.any([signal, closing]) : signal;

async function hand({ emit }: Call, result: unknown): Promise<null> {
  const text = JSON.stringify(result);
  for (let at = 0; at < text.length; at += PIECE)
    await emit({ kind: "report", text: text.slice(at, at + PIECE) });
  return null;
}

function adminTransport({ config, logger }: Account, tokenFile: string): Transport {
  return createTransport({
    homeserver: config.homeserver,
    accessToken: readSecret(tokenFile),
    logger,
    ...(config.caFile && { caFile: config.caFile }),
  });
}
