import { hasOwnPolicy, roomTrust } from "../../config/index.ts";
import { SottoError } from "../../errors.ts";
import { type RoomId, serverNameOf } from "../../model/ids.ts";
import type { Account } from "../account.ts";
import { findRoom } from "../destination.ts";

/** Why nothing goes into a room that was replaced, until the one that replaces it is accepted. */
export function replacedTrouble({ store }: Account, roomId: RoomId): SottoError | undefined {
  const successor = store.rooms.get(roomId)?.replacement;
  if (!successor) return undefined;
  return new SottoError(
    "ROOM_REPLACED",
    `${roomId} was replaced by ${successor}, which nobody has accepted`,
    {
      cure: `look at who is in ${successor}, then \`sotto route accept '${successor}'\``,
    },
  );
}

/**
 * Why a successor is not accepted without a person; undefined where it is as much ours as the room before. The account
 * must be in it.
 *
 * @throws SottoError where the homeserver does not say
 */
export async function doubtOf(
  { config, rooms, stops }: Account,
  replaced: RoomId,
  successor: RoomId,
): Promise<string | undefined> {
  const stop = stops.error(replaced);
  if (stop) return `nothing goes into the room before: ${stop.message}`;
  if (lacksPolicy(config, replaced, successor))
    return `the config has words of its own for ${replaced} under \`rooms\`, and none for ${successor}`;
  // whoever is in a room at its first message is not held
  if (roomTrust(config, replaced).newMembers === "hold")
    return "new members are held, and all of it may be new";
  const [before, after] = await Promise.all([rooms.creation(replaced), rooms.creation(successor)]);
  if (after.predecessor !== replaced) return `${successor} does not say that it replaces ${replaced}`;
  if (after.creator !== before.creator)
    return `${after.creator} has made it, and ${before.creator} the room before`;
  return undefined;
}

export const lacksPolicy = (config: Account["config"], replaced: RoomId, successor: RoomId): boolean =>
  hasOwnPolicy(config, replaced) && !hasOwnPolicy(config, successor);

/** How many homeservers of the old room are named to ours, where it is not in the new one. */
const MOST_SERVERS = 3;

/**
 * Joins the room that a tombstone leads to, invited or not, and waits until its encryption is known.
 *
 * @throws SottoError `ROOM_FORBIDDEN` where the account must be invited, `ROOM_NOT_ENCRYPTED`
 */
export async function enterSuccessor(account: Account, replaced: RoomId, successor: RoomId): Promise<void> {
  const { store, rooms } = account;
  if (store.rooms.get(successor)?.membership !== "join") {
    const servers = new Set(store.rooms.members(replaced, ["join"]).map(serverNameOf));
    await rooms.join(successor, [...servers].slice(0, MOST_SERVERS));
    await account.sync.toLiveEnd();
  }
  await findRoom(account, successor);
}

/** From here on for ever. What waits goes there; a crash in between is made up for by {@link moveWhatWaits}. */
export async function acceptSuccessor(
  account: Account,
  replaced: RoomId,
  successor: RoomId,
): Promise<number> {
  account.store.successors.accept(replaced, successor);
  const moved = await account.outbox.move(replaced, account.store.successors.current(replaced));
  account.logger.info("a room was replaced, and its routes lead on", { roomId: replaced, successor, moved });
  account.sync.wake();
  return moved;
}

/** What still waits in rooms whose successors were accepted. */
export async function moveWhatWaits({ store, outbox }: Account): Promise<void> {
  for (const roomId of store.jobs.roomsWaiting()) {
    const current = store.successors.current(roomId);
    if (current !== roomId) await outbox.move(roomId, current);
  }
}
