import type { Account } from "./account.ts";
import { fail, type Verdict, warn } from "./check.ts";

/** Whether the patrol can tell somebody what it finds, where the config says so. */
export async function checkOperatorsRoom({ config, store, rooms }: Account): Promise<Verdict> {
  const { patrol, operatorsRoom } = config;
  if (!patrol) return "there is no patrol";
  if (operatorsRoom === undefined) return "what the patrol finds is in the log and the metrics";
  const roomId = store.successors.current(operatorsRoom);
  const waits = "what the patrol finds is told nobody";
  if (store.rooms.get(roomId)?.membership === "invite")
    return warn(`we are invited to ${roomId}`, "run `sotto run`, which goes there");
  if (!(await rooms.joinedRooms()).includes(roomId))
    return fail(`the account is not in ${roomId}: ${waits}`, "invite it, or name another `operatorsRoom`");
  if ((await rooms.encryption(roomId)).kind === "clear")
    return fail(`${roomId} is not encrypted: ${waits}`, "name an encrypted room as `operatorsRoom`");
  const [stop] = store.stoppedRooms.of(roomId);
  if (stop) return fail(`${roomId} is stopped itself: ${waits}`, stop.cure);
  return `${roomId} is encrypted, and we are in it`;
}
