import type { Channel, Evacuation, StepResult } from "../../model/evacuation.ts";
import type { RoomId } from "../../model/ids.ts";
import type { Account } from "../account.ts";
import { channelsIn, type EvacuateSettings, look, noChannel } from "./channels.ts";
import { othersIn } from "./notice.ts";

/** What would become of each step, as far as it is known here. Nothing is changed, and nobody is told. */
export async function foresee(
  account: Account,
  {
    roomId,
    settings,
    isDrill,
    kept,
  }: { roomId: RoomId; settings: EvacuateSettings; isDrill: boolean; kept: Evacuation | undefined },
): Promise<StepResult[]> {
  const channels = channelsIn(settings);
  const looked = channels.map((channel) => was(kept, channel) ?? look(settings, channel));
  return [
    isDrill ? leftOut("stop", "a drill stops nothing") : stop(account, roomId),
    isDrill ? leftOut("rotate", "a drill leaves the key as it is") : rotate(account, roomId),
    was(kept, "notice") ?? (await notice(account, roomId, isDrill)),
    ...(await Promise.all(looked)),
    ...(channels.length === 0 ? [noChannel] : []),
  ];
}

const leftOut = (step: StepResult["step"], message: string): StepResult => ({
  ...{ step, outcome: "left-out", message },
});
const planned = (step: StepResult["step"], message: string): StepResult => ({
  ...{ step, outcome: "planned", message },
});

function was(kept: Evacuation | undefined, whom: "notice" | Channel): StepResult | undefined {
  const atMs = kept?.toldMs[whom];
  if (atMs === undefined) return undefined;
  return { step: whom, outcome: "was-done", message: `told at ${new Date(atMs).toISOString()}` };
}

function stop({ store }: Account, roomId: RoomId): StepResult {
  const before = store.stoppedRooms.of(roomId).find(({ because }) => because === "evacuated");
  if (before) return { step: "stop", outcome: "was-done", message: before.message };
  const waiting = store.jobs.openIn([roomId]);
  return planned("stop", `nothing goes into the room any more; messages that wait for it now: ${waiting}`);
}

function rotate({ store }: Account, roomId: RoomId): StepResult {
  if (store.rooms.get(roomId)?.encryption === undefined)
    return leftOut("rotate", "there is no session: the room is not known to be encrypted");
  return planned("rotate", "our key of the room is thrown away");
}

async function notice(account: Account, roomId: RoomId, isDrill: boolean): Promise<StepResult> {
  const { store, crypto, stops } = account;
  const room = store.rooms.get(roomId);
  const blocked = (message: string, code: string, cure: string): StepResult => ({
    ...{ step: "notice", outcome: "blocked", message, code, cure },
  });
  const stopped = isDrill ? stops.error(roomId) : undefined;
  if (stopped) return blocked(stopped.message, stopped.code, stopped.cure);
  if (room?.membership !== "join")
    return blocked("the account is not in the room", "ROOM_NOT_JOINED", "tell its people by another way");
  if (room.replacement)
    return blocked("the room was replaced", "ROOM_REPLACED", "tell its people in the other room");
  if (room.encryption === undefined)
    return blocked("the room is not encrypted", "ROOM_NOT_ENCRYPTED", "tell its people by another way");
  const held = (await crypto.heldRooms()).filter((found) => found.roomId === roomId);
  if (held.length > 0) {
    const who = [...new Set(held.map(({ userId }) => userId))].join(", ");
    const code = held.some(({ because }) => because === "identity")
      ? "IDENTITY_CHANGED"
      : "MEMBER_NOT_ACCEPTED";
    return blocked(`a person must look at ${who} first`, code, "`sotto doctor` says how");
  }
  return planned("notice", `it is told in the room; members beside us: ${othersIn(account, roomId).length}`);
}
