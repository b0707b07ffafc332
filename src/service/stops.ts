import { setTimeout as delay } from "node:timers/promises";
import { SottoError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Entering } from "../matrix/index.ts";
import type { RoomId } from "../model/ids.ts";
import type { StoppedRoom, StopReason } from "../model/stopped-room.ts";
import type { Store } from "../store/index.ts";

/** What is under way when a room is stopped has so long to be answered. */
const PATIENCE_MS = 10_000;

export interface StopsOptions {
  store: Pick<Store, "stoppedRooms">;
  logger: Logger;
  /** Resolves when no request is under way any more that would put an event into the room. */
  settled(roomId: RoomId): Promise<void>;
  /** What waits for the room may be tried again. */
  lifted(roomId: RoomId): void;
  patienceMs?: number;
}

/**
 * Rooms that get nothing from us: no event of any kind, not even a repeated one. What is to go there waits in the outbox,
 * in its order. The store knows them, so that no new process forgets one; docs/decisions/0031-evacuation.md.
 */
export class Stops {
  readonly #options: Required<StopsOptions>;
  /** Transaction IDs of what goes all the same, and for which reasons a room may be stopped then. */
  readonly #through = new Map<string, readonly StopReason[]>();

  constructor(options: StopsOptions) {
    this.#options = { patienceMs: PATIENCE_MS, ...options };
  }

  /**
   * Stops a room, durably and before anything else is done. Resolves when nothing that had begun is under way any more:
   * false where the homeserver has not answered in time, and an event may still arrive that had left before.
   */
  async stop(room: Omit<StoppedRoom, "sinceMs">): Promise<boolean> {
    const { store, settled, patienceMs } = this.#options;
    store.stoppedRooms.stop({ ...room, sinceMs: Date.now() });
    this.stopped(room);
    const { roomId } = room;
    const answered = new AbortController();
    const tooLate = delay(patienceMs, false, { signal: answered.signal }).catch(() => false);
    try {
      return await Promise.race([settled(roomId).then(() => true), tooLate]);
    } finally {
      answered.abort();
    }
  }

  /** It is stopped, durably. */
  stopped({ roomId, because }: Pick<StoppedRoom, "roomId" | "because">): void {
    this.#options.logger.warn("nothing goes into a room any more", { roomId, because });
  }

  /** False where it was not stopped for this reason. What waits goes on by itself where no other reason is left. */
  lift(roomId: RoomId, because: StopReason): boolean {
    const { store, logger, lifted } = this.#options;
    if (!store.stoppedRooms.lift(roomId, because)) return false;
    logger.info("a reason is gone why nothing goes into a room", { roomId, because });
    if (store.stoppedRooms.of(roomId).length === 0) lifted(roomId);
    return true;
  }

  /** Why something may not go into a room, if so. A verification may, below policy: it can be the cure. */
  error(roomId: RoomId, { txnId, isVerification }: Entering = {}): SottoError | undefined {
    const through: readonly StopReason[] = isVerification
      ? ["policy"]
      : (this.#through.get(txnId ?? "") ?? []);
    const stop = this.#options.store.stoppedRooms
      .of(roomId)
      .find(({ because }) => !through.includes(because));
    return stop && new SottoError(CODES[stop.because], stop.message, { cure: stop.cure });
  }

  /** @throws SottoError `ROOM_EVACUATED`, `ROOM_BELOW_POLICY` */
  requireOpen(roomId: RoomId): void {
    const error = this.error(roomId);
    if (error) throw error;
  }

  /** What tells a room why it is stopped goes there all the same, for as long as the work lasts. */
  async letThrough<T>(txnId: string, reasons: readonly StopReason[], work: () => Promise<T>): Promise<T> {
    this.#through.set(txnId, reasons);
    try {
      return await work();
    } finally {
      this.#through.delete(txnId);
    }
  }
}

const CODES = { evacuated: "ROOM_EVACUATED", policy: "ROOM_BELOW_POLICY" } as const;
