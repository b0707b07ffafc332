import { randomUUID } from "node:crypto";
import { readSecret } from "../../config/secrets.ts";
import { newRoom } from "../../enforce/index.ts";
import { createTransport, type Transport } from "../../matrix/index.ts";
import type { EnforcementPlan, StepOutcome } from "../../model/enforcement.ts";
import { isRoomAlias, type RoomId, type UserId } from "../../model/ids.ts";
import type { Policy } from "../../model/policy.ts";
import type { Account } from "../account.ts";
import { handInPieces, signalOf } from "../call.ts";
import type { Call } from "../operations.ts";
import { applyPlan } from "./apply.ts";
import { handsOf } from "./hands.ts";
import { inTurn } from "./in-turn.ts";
import { inviteMissing, makeOnce } from "./make-room.ts";
import { type PlanArguments, planEnforcement } from "./plan.ts";
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
  /** Whom the homeserver did not let us invite. */
  refused: UserId[];
}

export async function plan(account: Account, call: Call): Promise<null> {
  return handInPieces(
    call,
    await planEnforcement(account, call.args as unknown as PlanArguments, signalOf(call)),
  );
}

export const apply = (account: Account, call: Call): Promise<null> =>
  inTurn(account, call, () => applyNow(account, call));

async function applyNow(account: Account, call: Call): Promise<null> {
  const args = call.args as unknown as ApplyArguments;
  const signal = signalOf(call);
  const made = await planEnforcement(account, args, signal);
  const admin = args.adminTokenFile === undefined ? undefined : adminTransport(account, args.adminTokenFile);
  try {
    const { confirmed, looked } = args;
    const options = { confirmed, signal, ...(looked && { looked }) };
    const outcomes = await applyPlan(handsOf(account, admin), made, options);
    return await handInPieces(call, { plan: made, outcomes } satisfies Applied);
  } finally {
    admin?.close();
  }
}

export async function undo(account: Account, call: Call): Promise<Undone[]> {
  const room = call.args.room as string;
  const roomId = isRoomAlias(room) ? await account.rooms.resolveAlias(room) : room;
  return inTurn(account, call, () => undoRoom(handsOf(account), roomId));
}

/**
 * The same again after a kill goes on with the room that was begun. Once the command has said which it is, the same
 * makes another.
 */
export async function create(account: Account, call: Call): Promise<null> {
  const { args, emit } = call;
  const { policy, ...asked } = args as unknown as CreateArguments;
  return inTurn(account, call, async () => {
    const { store } = account;
    const key = `create ${store.originOf(":create", JSON.stringify(args))}`;
    const room = newRoom(policy.rooms, { ...asked, invite: [] });
    const roomId = await makeOnce(account, { key, marker: randomUUID() }, room);
    const refused = await inviteMissing(account, handsOf(account).enforcer, roomId, asked.invite);
    await emit({ kind: "report", text: JSON.stringify({ roomId, refused } satisfies Created) });
    store.madeRooms.forget(key);
    return null;
  });
}

function adminTransport({ config, logger }: Account, tokenFile: string): Transport {
  return createTransport({
    homeserver: config.homeserver,
    accessToken: readSecret(tokenFile),
    logger,
    ...(config.caFile && { caFile: config.caFile }),
  });
}
