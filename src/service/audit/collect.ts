import { readSecret } from "../../config/secrets.ts";
import { SottoError } from "../../errors.ts";
import { adminRooms } from "../../matrix/facts/index.ts";
import { createTransport, type Transport } from "../../matrix/index.ts";
import type { Facts } from "../../model/facts.ts";
import { isRoomAlias, type RoomId } from "../../model/ids.ts";
import type { RoomFacts } from "../../model/room-facts.ts";
import type { Account } from "../account.ts";
import { Asking, PATIENCE, type Patience } from "./asking.ts";
import { homeserverFacts } from "./homeserver.ts";
import { ownFacts } from "./own.ts";
import { readRoom } from "./rooms.ts";
import { inSmallHeap } from "./small-heap.ts";
import { readUsers } from "./users.ts";

export interface CollectOptions {
  /** IDs or aliases; every room that the scope has, unless told. */
  rooms?: readonly string[];
  /** How many events of each room's past are read; 1,000 unless told. */
  depth?: number;
  /** A file with the token of a Synapse administrator: then every room of the homeserver is read. */
  adminTokenFile?: string;
  /** `homeserver.yaml`, in the order in which Synapse reads them, if they are several. */
  homeserverConfig?: readonly string[];
  /** Python's logging configuration. */
  logConfig?: string;
}

const DEPTH = 1_000;

/**
 * Reads everything that an audit judges, and judges nothing. What cannot be read is said to be unread, each by itself.
 *
 * @throws SottoError `HOMESERVER_UNREACHABLE`, `TOKEN_REJECTED`, `ROOM_NOT_JOINED`, `ROOM_NOT_FOUND`,
 *   `SECRET_UNREADABLE`; what keeps the list of rooms from being read; `STORE_*`
 */
export const collectFacts = (
  account: Account,
  options: CollectOptions = {},
  signal: AbortSignal = new AbortController().signal,
  patience: Patience = PATIENCE,
): Promise<Facts> => inSmallHeap(() => collect(account, options, new Asking(signal, patience)));

async function collect(account: Account, options: CollectOptions, asking: Asking): Promise<Facts> {
  const collectedMs = Date.now();
  const { config, transport, store, crypto } = account;
  const admin =
    options.adminTokenFile === undefined ? undefined : adminTransport(account, options.adminTokenFile);
  try {
    const isCurrent = await reachLiveEnd(account, asking);
    const listed = admin && (await adminRooms(admin, asking.manner));
    const roomIds = await chooseRooms(account, asking, listed, isCurrent, options.rooms);
    const sources = { asking, store, crypto, transport, admin, isCurrent, ownUserId: config.account.userId };
    const read = new Map<RoomId, RoomFacts>();
    await asking.each(roomIds, async (roomId) => {
      const depth = options.depth ?? DEPTH;
      read.set(roomId, await readRoom({ ...sources, depth, ...(listed && { listed }) }, roomId));
    });
    const rooms = roomIds.map((roomId) => read.get(roomId)).filter((room) => room !== undefined);
    return {
      schemaVersion: 1,
      collectedMs,
      by: config.account.userId,
      scope: admin ? "admin" : "member",
      homeserver: await homeserverFacts(account, { ...options, asking, admin }),
      own: await ownFacts(account, asking),
      rooms,
      users: await readUsers(sources, rooms),
    };
  } finally {
    admin?.close();
  }
}

function adminTransport({ config, logger }: Account, tokenFile: string): Transport {
  return createTransport({
    homeserver: config.homeserver,
    accessToken: readSecret(tokenFile),
    logger,
    ...(config.caFile && { caFile: config.caFile }),
  });
}

/**
 * Whether sync has told everything up to now. Where it cannot, the audit reads everything anew; a homeserver that is not
 * there at all is no audit.
 */
async function reachLiveEnd({ sync, logger }: Account, asking: Asking): Promise<boolean> {
  try {
    await sync.toLiveEnd();
    await sync.heard();
    return true;
  } catch (thrown) {
    const error = asking.passing(thrown);
    if (error.code === "HOMESERVER_UNREACHABLE") throw error;
    logger.warn("sync has not told everything: the audit reads all anew", { reason: error.message });
    return false;
  }
}

/** Sorted. What the homeserver leaves out of a list and sync has told of is looked for all the same. */
async function chooseRooms(
  { rooms, store }: Account,
  asking: Asking,
  listed: ReadonlyMap<RoomId, boolean> | undefined,
  isCurrent: boolean,
  chosen: readonly string[] | undefined,
): Promise<RoomId[]> {
  const known = store.rooms.joinedRoomIds();
  const told = listed
    ? [...listed.keys()]
    : await rooms.joinedRooms().catch((thrown) => {
        const error = asking.passing(thrown);
        if (known.length === 0) throw error;
        return known;
      });
  const present = isCurrent ? [...told, ...known] : told;
  if (chosen === undefined) return [...new Set(present)].sort();
  const roomIds = await Promise.all(
    chosen.map((room) => (isRoomAlias(room) ? rooms.resolveAlias(room) : room)),
  );
  const missing = roomIds.find((roomId) => !present.includes(roomId));
  if (missing !== undefined)
    throw listed
      ? new SottoError("ROOM_NOT_FOUND", `there is no room ${missing} with anybody of this homeserver in it`)
      : new SottoError("ROOM_NOT_JOINED", `the account is not in ${missing}, or there is no such room`);
  return [...new Set(roomIds)].sort();
}
