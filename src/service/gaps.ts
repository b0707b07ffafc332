import { SottoError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { encryptedHistory, matrixErrorOf, type Transport } from "../matrix/index.ts";
import type { RoomId } from "../model/ids.ts";
import type { RoomSync, SyncBatch } from "../model/sync.ts";
import type { Store } from "../store/index.ts";

const MAX_PAGES = 10;
/** A homeserver that fails for one room for ever must not keep the account from all others. */
const MAX_TRIES = 5;

/**
 * `/sync` gives the newest events only where many have come. What it left out of a joined, encrypted room is fetched
 * before the token moves, because nothing asks for it afterwards.
 */
export class GapFiller {
  readonly #transport: Transport;
  readonly #store: Store;
  readonly #logger: Logger;
  readonly #failures = new Map<RoomId, number>();

  constructor({ transport, store, logger }: { transport: Transport; store: Store; logger: Logger }) {
    this.#transport = transport;
    this.#store = store;
    this.#logger = logger;
  }

  /**
   * The batch with whole timelines, as far as they can be had. Throws a passing failure: the same batch comes again.
   */
  async fill(batch: SyncBatch, since: string | undefined, signal?: AbortSignal): Promise<SyncBatch> {
    // the first batch is the present state: what was said before belongs to nobody here
    if (since === undefined) return batch;
    const joined: RoomSync[] = [];
    for (const room of batch.joined) {
      joined.push(this.#hasGap(room) ? await this.#fillRoom(room, since, signal) : room);
    }
    return { ...batch, joined };
  }

  #hasGap({ roomId, limited, state, timeline }: RoomSync): boolean {
    const known = this.#store.rooms.get(roomId);
    // what lies before our own joining was not encrypted for us
    if (!limited || known?.membership !== "join") return false;
    return (
      Boolean(known.encryption) || [...state, ...timeline].some(({ type }) => type === "m.room.encryption")
    );
  }

  async #fillRoom(room: RoomSync, since: string, signal: AbortSignal | undefined): Promise<RoomSync> {
    const { roomId, prevBatch, timeline } = room;
    if (prevBatch === undefined) return this.#leave(room, { reason: "no prev_batch" });
    try {
      const { events, complete } = await encryptedHistory(this.#transport, roomId, {
        from: prevBatch,
        to: since,
        maxPages: MAX_PAGES,
        ...(signal && { signal }),
      });
      this.#failures.delete(roomId);
      const whole = { ...room, timeline: [...events, ...timeline] };
      return complete ? whole : this.#leave(whole, { fetched: events.length });
    } catch (thrown) {
      if (!(thrown instanceof SottoError)) throw thrown;
      if (isPassing(thrown) && !this.#givesUp(roomId, thrown)) throw thrown;
      this.#failures.delete(roomId);
      return this.#leave(room, { fetched: 0, code: thrown.code, reason: thrown.message });
    }
  }

  #givesUp(roomId: RoomId, { code }: SottoError): boolean {
    if (code !== "HOMESERVER_ERROR") return false;
    const failures = (this.#failures.get(roomId) ?? 0) + 1;
    this.#failures.set(roomId, failures);
    return failures >= MAX_TRIES;
  }

  #leave(room: RoomSync, why: Record<string, unknown>): RoomSync {
    this.#logger.warn("messages of a room are missing between two syncs", { roomId: room.roomId, ...why });
    return { ...room, hasGap: true };
  }
}

/** What the homeserver refuses it would refuse again. */
function isPassing(error: SottoError): boolean {
  if (error.code === "TOKEN_REJECTED") return true;
  const status = matrixErrorOf(error)?.statusCode;
  return status === undefined || status === 429 || status >= 500;
}
