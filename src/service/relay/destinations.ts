import { SottoError, toSottoError } from "../../errors.ts";
import { isRoomId, type RoomId } from "../../model/ids.ts";
import type { Account } from "../account.ts";
import { findRoom } from "../destination.ts";

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
  #isEnded = false;

  constructor(account: Account) {
    this.#account = account;
  }

  /** Looks rooms up. It waits only for those that were never known, and not for a homeserver that is away. */
  async know(rooms: Iterable<string>): Promise<void> {
    const looking = [...new Set(rooms)].map((room) => ({ room, known: this.#look(room, FIRST_PAUSE_MS) }));
    await Promise.all(
      looking.filter(({ room }) => !this.#account.store.destinations.get(room)).map(({ known }) => known),
    );
  }

  /** Throws the reason where the room is not known yet. */
  roomId(room: string): RoomId {
    const trouble = this.#troubles.get(room);
    const roomId = this.#account.store.destinations.get(room) ?? (isRoomId(room) ? room : undefined);
    if (trouble?.code === "ROUTE_UNKNOWN") throw trouble;
    if (roomId === undefined) {
      throw new SottoError("HOMESERVER_UNREACHABLE", `which room ${room} is, is not known yet`, {
        cause: trouble,
      });
    }
    return roomId;
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
    return this.#troubles;
  }

  [Symbol.dispose](): void {
    this.#isEnded = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #look(room: string, pauseMs: number): Promise<void> {
    const { store, logger } = this.#account;
    try {
      const found = await findRoom(this.#account, room);
      const kept = store.destinations.get(room);
      if (kept !== undefined && kept !== found) {
        throw new SottoError("ROUTE_UNKNOWN", `${room} names another room than when its route was begun`, {
          cure: "name the room that is meant by its ID in the config",
        });
      }
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
