import { setTimeout as delay } from "node:timers/promises";
import { SottoError, toSottoError } from "../../errors.ts";
import { isRoomAlias, isRoomId, type RoomId } from "../../model/ids.ts";
import type { Account } from "../account.ts";

/** An alias that the homeserver does not resolve by then is not waited for. */
const ROOM_PATIENCE_MS = 5_000;
/** Of where people are to go: the room is not stopped yet. */
const TO_PATIENCE_MS = 2_000;

/**
 * The room that is meant. One that the store knows is found without a word of the homeserver, which may be away; an alias
 * of a route is the room that the route leads to, whoever has moved the alias since.
 *
 * @throws SottoError `USAGE`, `ROOM_NOT_FOUND`, `ROOM_NOT_JOINED`, `HOMESERVER_UNREACHABLE`
 */
export async function meantRoom(account: Account, named: string): Promise<RoomId> {
  const { store, sync } = account;
  if (!isRoomId(named) && !isRoomAlias(named)) {
    throw new SottoError("USAGE", `${named} is neither a room ID nor an alias`, {
      cure: "name a direct chat by its room ID too",
    });
  }
  const pinned = store.destinations.get(named);
  const roomId = pinned ?? (isRoomAlias(named) ? await resolve(account, named, ROOM_PATIENCE_MS) : named);
  const isKnown = (): boolean => store.rooms.get(roomId) !== undefined;
  if (!isKnown()) await sync.toLiveEnd();
  if (!isKnown()) throw new SottoError("ROOM_NOT_JOINED", `the account is not in ${roomId}`);
  return roomId;
}

/**
 * Nobody is sent back into the room, nor to an alias that there is not and that anybody could take. Where the homeserver
 * does not say so in time, whoever gave it is believed.
 *
 * @throws SottoError `USAGE`, `ROOM_NOT_FOUND`
 */
export async function requireElsewhere(
  account: Account,
  roomId: RoomId,
  to: string | undefined,
): Promise<void> {
  const named =
    to !== undefined && isRoomAlias(to)
      ? await resolve(account, to, TO_PATIENCE_MS).catch(unlessMissing)
      : to;
  if (named === roomId) throw new SottoError("USAGE", "--to names the room that is evacuated");
}

function unlessMissing(thrown: unknown): undefined {
  const { code, message } = toSottoError(thrown);
  if (code === "ROOM_NOT_FOUND")
    throw new SottoError(code, `--to: ${message}`, {
      cure: "nothing was done: correct --to, or leave it out",
    });
}

async function resolve({ rooms }: Account, alias: string, patienceMs: number): Promise<RoomId> {
  const found = rooms.resolveAlias(alias);
  found.catch(() => undefined); // it may fail after we have gone
  const answered = new AbortController();
  const late = delay(patienceMs, undefined, { signal: answered.signal }).then(() => {
    throw new SottoError("HOMESERVER_UNREACHABLE", `the homeserver does not say which room ${alias} is`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([found, late]);
  } catch (thrown) {
    const error = toSottoError(thrown);
    if (error.code !== "HOMESERVER_UNREACHABLE") throw error;
    const cure = "name the room by its ID: it is stopped without the homeserver then";
    throw new SottoError(error.code, error.message, { cause: error, cure });
  } finally {
    answered.abort();
  }
}
