import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Evacuation, StepResult } from "../../model/evacuation.ts";
import type { RoomId } from "../../model/ids.ts";
import type { Account } from "../account.ts";
import { channelsIn, type EvacuateSettings, noChannel, settingsNow, tell } from "./channels.ts";
import { foresee } from "./foresee.ts";
import { tellInDrill, tellRoom, withdraw } from "./notice.ts";
import { meantRoom, requireElsewhere } from "./room.ts";
import { wordsFor } from "./words.ts";

export interface EvacuateArguments {
  room: string;
  message?: string;
  /** Where people are to go. */
  to?: string;
  isDrill?: boolean;
  isDryRun?: boolean;
}

/** What an evacuation came to, step by step, in their order. */
export interface Evacuated {
  roomId: RoomId;
  isDrill: boolean;
  isDryRun: boolean;
  /** What people are told. */
  text: string;
  /** How many messages wait for the room. */
  waiting: number;
  steps: StepResult[];
}

/** Told as each step has ended: the homeserver may let us wait for a minute. */
export type OnStep = (roomId: RoomId, step: StepResult) => void;

/** An event that is being encrypted under the old key does not leave; nobody waits longer for that to end. */
const ROTATION_PATIENCE_MS = 5_000;

/**
 * The emergency switch: stops a room, ends our session in it, and tells its people in the room and by the second
 * channels. What fails undoes nothing. The same again goes on where it was: who was told is not told twice.
 *
 * @throws SottoError `USAGE`, `ROOM_*` where nothing was done
 */
export async function evacuate(
  account: Account,
  args: EvacuateArguments,
  onStep: OnStep,
): Promise<Evacuated> {
  const { isDrill = false, isDryRun = false } = args;
  const settings = settingsNow(account);
  const { message = settings.message, to } = args;
  const said = wordsFor({ message, to, isDrill }, account.config.account.userId);
  const roomId = await meantRoom(account, args.room);
  await requireElsewhere(account, roomId, to);
  const kept = isDrill ? undefined : account.store.evacuations.get(roomId);
  const isSaidAnew = args.message !== undefined || to !== undefined;
  const text = kept && !isSaidAnew ? kept.text : said;
  const ended = (step: StepResult): StepResult => {
    onStep(roomId, step);
    return step;
  };
  const about = { roomId, settings, text, ended };
  const steps = await (isDryRun
    ? foresee(account, { roomId, settings, isDrill, kept: kept?.text === text ? kept : undefined })
    : (isDrill ? drill : carryOut)(account, about));
  return { roomId, isDrill, isDryRun, text, waiting: account.store.jobs.openIn([roomId]), steps };
}

interface Work {
  roomId: RoomId;
  settings: EvacuateSettings;
  text: string;
  ended(step: StepResult): StepResult;
}

async function carryOut(account: Account, { roomId, settings, text, ended }: Work): Promise<StepResult[]> {
  const stopped = ended(await stop(account, roomId));
  const evacuation = await begun(account, roomId, text);
  const rotated = ended(await rotate(account, roomId));
  const about = { roomId, about: evacuation.noticeTxnId };
  const words = { ...about, text, isDrill: false };
  const told = await Promise.all([
    once(account, about, "notice", () => tellRoom(account, roomId, evacuation)).then(ended),
    ...channelsIn(settings).map((channel) =>
      once(account, about, channel, () => tell(account, settings, channel, words)).then(ended),
    ),
  ]);
  return [stopped, rotated, ...told, ...(told.length === 1 ? [noChannel] : [])];
}

/** Stops nothing, and ends no session. */
async function drill(account: Account, { roomId, settings, text, ended }: Work): Promise<StepResult[]> {
  account.stops.requireOpen(roomId);
  const leftOut = NOT_IN_DRILLS.map(ended);
  const words = { roomId, text, isDrill: true, about: randomUUID() };
  const told = await Promise.all([
    tellInDrill(account, roomId, text).then(ended),
    ...channelsIn(settings).map((channel) => tell(account, settings, channel, words).then(ended)),
  ]);
  return [...leftOut, ...told, ...(told.length === 1 ? [noChannel] : [])];
}

const NOT_IN_DRILLS: readonly StepResult[] = [
  { step: "stop", outcome: "left-out", message: "a drill stops nothing" },
  { step: "rotate", outcome: "left-out", message: "a drill leaves the key as it is" },
];

/** Before anything else, and before anybody is told. */
async function stop({ store, stops }: Account, roomId: RoomId): Promise<StepResult> {
  const before = store.stoppedRooms.of(roomId).find(({ because }) => because === "evacuated");
  if (before) return { step: "stop", outcome: "was-done", message: before.message };
  const isQuiet = await stops.stop({
    ...{ roomId, because: "evacuated", message: `it was evacuated at ${new Date().toISOString()}` },
    cure: `when it is safe again, \`sotto evacuate '${roomId}' --over\``,
  });
  const message = "nothing goes into the room any more";
  if (isQuiet) return { step: "stop", outcome: "done", message };
  return {
    ...{ step: "stop", outcome: "uncertain", code: "SEND_UNCERTAIN" },
    message: `${message}; something that had left before was not answered, and may still arrive`,
    cure: "look into the room once the homeserver answers",
  };
}

/** What is kept of an evacuation, so that it can go on; other words than before are told as such. */
async function begun(account: Account, roomId: RoomId, text: string): Promise<Evacuation> {
  const { evacuations } = account.store;
  const kept = evacuations.get(roomId);
  if (kept?.text === text) return kept;
  if (kept) await withdraw(account, kept.noticeTxnId);
  const evacuation: Evacuation = { text, noticeTxnId: randomUUID(), toldMs: {} };
  evacuations.set(roomId, evacuation);
  return evacuation;
}

async function rotate({ crypto, store }: Account, roomId: RoomId): Promise<StepResult> {
  if (store.rooms.get(roomId)?.encryption === undefined)
    return {
      step: "rotate",
      outcome: "left-out",
      message: "there is no session: the room is not known to be encrypted",
    };
  // durable at once; what it waits for is what is being encrypted, which does not leave
  const ended = crypto.encryptor.rotate([roomId]);
  await Promise.race([ended, delay(ROTATION_PATIENCE_MS, undefined, { ref: false })]);
  return { step: "rotate", outcome: "done", message: "our key of the room opens nothing that comes later" };
}

/** Who was told these words by an earlier run is not told again; others may have been begun meanwhile. */
async function once(
  { store }: Account,
  { roomId, about }: { roomId: RoomId; about: string },
  whom: keyof Evacuation["toldMs"],
  telling: () => Promise<StepResult>,
): Promise<StepResult> {
  const kept = (): Evacuation | undefined => {
    const evacuation = store.evacuations.get(roomId);
    return evacuation?.noticeTxnId === about ? evacuation : undefined;
  };
  const atMs = kept()?.toldMs[whom];
  if (atMs !== undefined)
    return { step: whom, outcome: "was-done", message: `told at ${new Date(atMs).toISOString()}` };
  const result = await telling();
  const evacuation = kept();
  if (result.outcome === "done" && evacuation)
    store.evacuations.set(roomId, { ...evacuation, toldMs: { ...evacuation.toldMs, [whom]: Date.now() } });
  return result;
}
