import type { Account } from "../account.ts";
import type { Evacuated } from "./evacuate.ts";
import { withdraw } from "./notice.ts";
import { meantRoom } from "./room.ts";

/**
 * Ends an evacuation: what waits goes on by itself, in its order, under a new key. Nobody is told.
 *
 * @throws SottoError `USAGE`, `ROOM_*`
 */
export async function evacuationOver(
  account: Account,
  { room, isDryRun = false }: { room: string; isDryRun?: boolean },
): Promise<Omit<Evacuated, "text">> {
  const { store, stops } = account;
  const roomId = await meantRoom(account, room);
  const about = { roomId, isDrill: false, isDryRun, waiting: store.jobs.openIn([roomId]) };
  const reasons = store.stoppedRooms.of(roomId).map(({ because }) => because);
  const isBelowPolicy = reasons.includes("policy");
  const ending = isBelowPolicy ? "what waits stays: the room is below the policy" : "what waits goes on";
  if (!reasons.includes("evacuated"))
    return {
      ...about,
      steps: [
        {
          step: "lift",
          outcome: "was-done",
          message: isBelowPolicy ? `it is not evacuated; ${ending}` : "it is not evacuated",
        },
      ],
    };
  if (isDryRun) return { ...about, steps: [{ step: "lift", outcome: "planned", message: ending }] };
  const kept = store.evacuations.get(roomId);
  // whoever has left since has the key that the notice was sent under
  store.sessions.requireRotation([roomId]);
  if (kept) await withdraw(account, kept.noticeTxnId);
  store.evacuations.end(roomId);
  const waiting = store.jobs.openIn([roomId]);
  stops.lift(roomId, "evacuated");
  return {
    ...about,
    waiting,
    steps: [{ step: "lift", outcome: "done", message: ending }],
  };
}
