import { toSottoError } from "../../errors.ts";
import type { RoomId } from "../../model/ids.ts";
import type { SyncBatch } from "../../model/sync.ts";
import type { Account } from "../account.ts";
import { Background } from "./background.ts";
import { acceptSuccessor, doubtOf, enterSuccessor, moveWhatWaits } from "./replaced.ts";

const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 15 * 60_000;

/** Rooms of routes that are replaced: their successors are entered, and accepted where nothing speaks against it. */
export class Successions implements Disposable {
  readonly #account: Account;
  readonly #rooms: () => Iterable<RoomId>;
  readonly #background: Background;
  /** Rooms that sync has told something of since the last look. */
  readonly #touched = new Set<RoomId>();
  readonly #rests = new Map<RoomId, { untilMs: number; pauseMs: number }>();
  readonly #doubts = new Map<RoomId, string>();
  readonly #stop: () => void;

  /** @param rooms - of the routes, as they are now */
  constructor(account: Account, rooms: () => Iterable<RoomId>) {
    this.#account = account;
    this.#rooms = rooms;
    // sync goes on meanwhile: entering a room waits for it
    this.#background = new Background(() => this.#look(), account.logger);
    this.#stop = account.sync.onBatch(({ joined, invited }: SyncBatch) => {
      for (const { roomId } of [...joined, ...invited]) this.#touched.add(roomId);
      void this.look();
    });
  }

  [Symbol.dispose](): void {
    this.#stop();
    this.#background[Symbol.dispose]();
  }

  /** Why the successor of a room waits for a person. */
  doubt(roomId: RoomId): string | undefined {
    return this.#doubts.get(roomId);
  }

  /** Resolves when what is there now has been tried. */
  look(): Promise<void> {
    return this.#background.run();
  }

  async #look(): Promise<void> {
    const touched = new Set(this.#touched);
    this.#touched.clear();
    await moveWhatWaits(this.#account);
    for (const replaced of new Set(this.#rooms())) {
      const successor = this.#account.store.rooms.get(replaced)?.replacement;
      if (successor === undefined) continue;
      const isNews = touched.has(replaced) || touched.has(successor);
      const isDue = (this.#rests.get(replaced)?.untilMs ?? 0) <= performance.now();
      if (isNews || isDue) await this.#try(replaced, successor);
    }
  }

  async #try(replaced: RoomId, successor: RoomId): Promise<void> {
    try {
      await enterSuccessor(this.#account, replaced, successor);
      const doubt = await doubtOf(this.#account, replaced, successor);
      if (doubt === undefined) {
        await acceptSuccessor(this.#account, replaced, successor);
        this.#doubts.delete(replaced);
        this.#rests.delete(replaced);
        return;
      }
      this.#wait(replaced, successor, doubt);
    } catch (thrown) {
      this.#wait(replaced, successor, toSottoError(thrown).message);
    }
  }

  #wait(replaced: RoomId, successor: RoomId, doubt: string): void {
    const pauseMs = Math.min(
      (this.#rests.get(replaced)?.pauseMs ?? FIRST_PAUSE_MS / 2) * 2,
      LONGEST_PAUSE_MS,
    );
    this.#rests.set(replaced, { untilMs: performance.now() + pauseMs, pauseMs });
    if (this.#doubts.get(replaced) === doubt) return;
    this.#doubts.set(replaced, doubt);
    this.#account.logger.warn("a room of a route was replaced, and its successor is not accepted", {
      ...{ roomId: replaced, successor, reason: doubt },
      cure: `look at who is in it, then \`sotto route accept '${successor}'\``,
    });
  }
}
