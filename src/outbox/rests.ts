import type { ErrorCode, SottoError } from "../errors.ts";
import type { RoomId } from "../model/ids.ts";
import type { Clock } from "../model/ports.ts";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15 * 60_000;
/** A homeserver that asks for more is asked again after that; one could silence a bot for ever. */
const LONGEST_ASKED_MS = 60 * 60_000;

/** What a homeserver that is not there leads to. */
const OF_ABSENCE = new Set<ErrorCode>([
  ...(["HOMESERVER_UNREACHABLE", "SEND_UNCERTAIN"] as const),
  ...(["ROOM_MEMBERS_UNKNOWN", "ROOM_ENCRYPTION_UNKNOWN"] as const),
]);

interface Rest {
  untilMs: number;
  pauseMs: number;
  reason: SottoError;
  /** The one before it, or it itself, was ended by another room's success. */
  isCut: boolean;
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
    const before = this.#rests.get(roomId);
    const pauseMs = before ? Math.min(before.pauseMs * 2, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
    // anywhere in the pause: what failed together must not come again together
    const jitteredMs = Math.ceil(this.#random() * pauseMs);
    const untilMs =
      this.#clock() + Math.max(jitteredMs, Math.min(reason.retryAfterMs ?? 0, LONGEST_ASKED_MS));
    const isCut = before?.isCut === true && before.untilMs === 0;
    this.#rests.set(roomId, { untilMs, pauseMs, reason, isCut });
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

  /**
   * The homeserver can be reached: ends the rests of rooms for which it could not be, and for which it did not say when
   * to come again. Where only another room's message came through, it ends each once: what fails again all the same
   * has its own pauses. Gives the rooms.
   */
  reached({ isBack = false } = {}): RoomId[] {
    const rooms: RoomId[] = [];
    for (const [roomId, rest] of this.#rests) {
      const { code, retryAfterMs } = rest.reason;
      if (!OF_ABSENCE.has(code) || retryAfterMs !== undefined || (rest.isCut && !isBack)) continue;
      rest.untilMs = 0;
      rest.isCut ||= !isBack;
      rooms.push(roomId);
    }
    return rooms;
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
