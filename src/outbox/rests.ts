import type { SottoError } from "../errors.ts";
import type { RoomId } from "../model/ids.ts";
import type { Clock } from "../model/ports.ts";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15 * 60_000;
/** A homeserver that asks for more is asked again after that; one could silence a bot for ever. */
const LONGEST_ASKED_MS = 60 * 60_000;

interface Rest {
  untilMs: number;
  pauseMs: number;
  reason: SottoError;
}

/**
 * Rooms in which a message could not be sent a moment ago, and until when what waits there is left alone: each failure
 * in a row doubles the pause, and a homeserver that asks for more gets it. In memory only: a new process tries once.
 */
export class Rests {
  readonly #rests = new Map<RoomId, Rest>();
  readonly #clock: Clock;
  readonly #random: () => number;

  /** @param random - from 0 to 1 */
  constructor(clock: Clock, random: () => number = Math.random) {
    this.#clock = clock;
    this.#random = random;
  }

  failed(roomId: RoomId, reason: SottoError): void {
    const before = this.#rests.get(roomId)?.pauseMs;
    const pauseMs = before === undefined ? FIRST_PAUSE_MS : Math.min(before * 2, LONGEST_PAUSE_MS);
    // anywhere in the pause: what failed together must not come again together
    const jitteredMs = Math.ceil(this.#random() * pauseMs);
    const untilMs =
      this.#clock() + Math.max(jitteredMs, Math.min(reason.retryAfterMs ?? 0, LONGEST_ASKED_MS));
    this.#rests.set(roomId, { untilMs, pauseMs, reason });
  }

  over(roomId: RoomId): void {
    this.#rests.delete(roomId);
  }

  /** Something has changed: the rooms may be tried now. One that fails again rests for longer than before. */
  wake(roomIds: Iterable<RoomId> = this.#rests.keys()): void {
    for (const roomId of roomIds) {
      const rest = this.#rests.get(roomId);
      if (rest) rest.untilMs = 0;
    }
  }

  /** Why the room rests; undefined where it may be tried. */
  reason(roomId: RoomId): SottoError | undefined {
    const rest = this.#rests.get(roomId);
    const restMs = (rest?.untilMs ?? 0) - this.#clock();
    // no rest is longer: the clock was put back
    return restMs > 0 && restMs <= LONGEST_ASKED_MS ? rest?.reason : undefined;
  }

  /** Nothing waits in any other room any more. */
  keepOnly(roomIds: ReadonlySet<RoomId>): void {
    for (const roomId of this.#rests.keys()) if (!roomIds.has(roomId)) this.#rests.delete(roomId);
  }

  /**
   * When to look again, in milliseconds from now; undefined where no room rests. One that is due may be being tried at
   * this moment: a second is soon enough for it.
   */
  nextMs(): number | undefined {
    if (this.#rests.size === 0) return undefined;
    const untilMs = Math.min(...[...this.#rests.values()].map((rest) => rest.untilMs));
    return Math.min(Math.max(FIRST_PAUSE_MS, untilMs - this.#clock()), LONGEST_ASKED_MS);
  }
}
