import { acceptsClear } from "../../config/index.ts";
import { SottoError, toSottoError } from "../../errors.ts";
import { isRoomId, type RoomId } from "../../model/ids.ts";
import type { Account } from "../account.ts";
import { findRoom } from "../destination.ts";
import { replacedTrouble } from "../room/replaced.ts";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;

/**
 * Which rooms the routes mean. A name is looked up once and then kept, so that recordings are taken while the homeserver
 * is away, and so that nobody who moves an alias leads a route into another room.
 */
export class Destinations implements Disposable {
  readonly #account: Account;
  /** Why a room that was named cannot be used now. */
  readonly #troubles = new Map<string, SottoError>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #rooms: ReadonlySet<string> = new Set();
  #sources: ReadonlySet<string> = new Set();
  #isEnded = false;

  constructor(account: Account) {
    this.#account = account;
  }

  /**
   * Looks rooms up. It waits only for those that were never known, and not for a homeserver that is away.
   *
   * @param sources - rooms among them that nothing is sent to
   */
  async know(rooms: Iterable<string>, sources: ReadonlySet<string> = new Set()): Promise<void> {
    this.#sources = sources;
    this.#rooms = new Set(rooms);
    const looking = [...this.#rooms].map((room) => ({ room, known: this.#look(room, FIRST_PAUSE_MS) }));
    await Promise.all(
      looking.filter(({ room }) => !this.#account.store.destinations.get(room)).map(({ known }) => known),
    );
  }

  /** Throws the reason where the room is not known yet, or was replaced. */
  roomId(room: string): RoomId {
    const roomId = this.#known(room);
    const replaced = roomId === undefined ? undefined : replacedTrouble(this.#account, roomId);
    if (replaced) throw replaced;
    const trouble = this.#troubles.get(room);
    if (trouble?.code === "ROUTE_UNKNOWN") throw trouble;
    if (roomId === undefined) {
      throw new SottoError("HOMESERVER_UNREACHABLE", `which room ${room} is, is not known yet`, {
        cause: trouble,
      });
    }
    return roomId;
  }

  /** The room, also one that was replaced: something may have come out of it. */
  source(room: string): RoomId | undefined {
    return this.#troubles.get(room)?.code === "ROUTE_UNKNOWN" ? undefined : this.#known(room);
  }

  /** Undefined where {@link roomId} throws. */
  knownRoomId(room: string): RoomId | undefined {
    try {
      return this.roomId(room);
    } catch {
      return undefined;
    }
  }

  /** It was never looked up with success, which may still come. */
  isPending(room: string): boolean {
    return this.knownRoomId(room) === undefined && this.#troubles.get(room)?.code !== "ROUTE_UNKNOWN";
  }

  /** What stands against the routes, by room. */
  troubles(): ReadonlyMap<string, SottoError> {
    const troubles = new Map(this.#troubles);
    for (const [room, trouble] of this.#replaced()) troubles.set(room, trouble);
    return troubles;
  }

  [Symbol.dispose](): void {
    this.#isEnded = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** The last room that was accepted in its place. */
  #known(room: string): RoomId | undefined {
    const { destinations, successors } = this.#account.store;
    const pinned = destinations.get(room) ?? (isRoomId(room) ? room : undefined);
    return pinned && successors.current(pinned);
  }

  *#replaced(): Generator<[room: string, trouble: SottoError]> {
    for (const room of this.#rooms) {
      const roomId = this.#known(room);
      const trouble = roomId && replacedTrouble(this.#account, roomId);
      if (trouble) yield [room, trouble];
    }
  }

  async #look(room: string, pauseMs: number): Promise<void> {
    const { store, logger, config } = this.#account;
    const mayBeClear = (roomId: RoomId) => this.#sources.has(room) && acceptsClear(config, roomId);
    try {
      const current = isRoomId(room) ? store.successors.current(room) : room;
      const found = store.successors.current(await findRoom(this.#account, current, { mayBeClear }));
      const kept = this.#known(room);
      // its alias may have gone to the room that replaces it; that is waited for, and looked at, elsewhere
      if (kept !== undefined && replacedTrouble(this.#account, kept)) return;
      if (kept !== undefined && kept !== found) {
        throw new SottoError("ROUTE_UNKNOWN", `${room} names another room than when its route was begun`, {
          cure: "name the room that is meant by its ID in the config",
        });
      }
      if (kept === undefined || store.destinations.get(room) === undefined)
        store.destinations.set(room, found);
      this.#troubles.delete(room);
    } catch (thrown) {
      if (this.#isEnded) return;
      const error = toSottoError(thrown);
      if (this.#troubles.get(room)?.code !== error.code) {
        logger.warn("a route's room cannot be used yet", { room, code: error.code, reason: error.message });
      }
      this.#troubles.set(room, error);
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        void this.#look(room, Math.min(pauseMs * 2, LONGEST_PAUSE_MS));
      }, pauseMs).unref();
      this.#timers.add(timer);
    }
  }
}
