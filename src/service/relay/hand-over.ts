import { type ErrorCode, isPassing, SottoError, toSottoError } from "../../errors.ts";
import type { Connector, Intake } from "../../model/connector.ts";
import type { EventId, RoomId } from "../../model/ids.ts";
import type { Account } from "../account.ts";
import type { VoiceMessage } from "../receive.ts";
import { isBySameSender } from "../room/edits.ts";
import type { Signals } from "../room/signals.ts";

/** Where a voice message of a room goes. */
export interface Receiving {
  /** The route's, for what is kept of it. */
  key: string;
  roomId: RoomId;
  /** Into another room, or to a connector. */
  to: { intake: Intake } | { connector: Required<Pick<Connector, "deliver">> };
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;

/** The receiver's trouble, the route's, and what nobody knows: none of them may lose a message. */
const NOT_OF_THE_MESSAGE = new Set<ErrorCode>(["CONNECTOR_FAILED", "ROUTE_UNKNOWN", "INTERNAL"]);

/**
 * Hands each voice message of a room to everyone whom a route names, once. A receiver that fails rests, and then gets
 * what it missed in the order in which it came; the others do not wait for it.
 */
export class HandOver {
  readonly #account: Account;
  readonly #receiving: () => readonly Receiving[];
  readonly #signals: Pick<Signals, "handed" | "refused">;
  readonly #rests = new Map<string, { untilMs: number; pauseMs: number }>();
  readonly #stopping: AbortSignal;

  constructor(
    account: Account,
    {
      receiving,
      signals,
      stopping,
    }: {
      receiving: () => readonly Receiving[];
      signals: Pick<Signals, "handed" | "refused">;
      stopping: AbortSignal;
    },
  ) {
    this.#account = account;
    this.#receiving = receiving;
    this.#signals = signals;
    this.#stopping = stopping;
  }

  /** Whether somebody would take it now. */
  takes(roomId: RoomId, eventId: EventId): boolean {
    return this.#open(roomId, eventId).some(({ key }) => !this.#isResting(key));
  }

  /** @throws SottoError `CONNECTOR_FAILED` while somebody has not taken it */
  async hand(message: VoiceMessage): Promise<void> {
    const { store } = this.#account;
    const { roomId, eventId } = message;
    await Promise.all(
      this.#open(roomId, eventId)
        .filter(({ key }) => !this.#isResting(key))
        .map(async (receiving) => {
          if (await this.#give(receiving, message)) store.handed.add(eventId, receiving.key);
        }),
    );
    const missing = this.#open(roomId, eventId);
    if (missing.length > 0) {
      throw new SottoError("CONNECTOR_FAILED", `${missing.length} receivers of a route wait for a message`);
    }
    this.#signals.handed(message);
  }

  /** False where it failed, and has to be tried again. What could never be taken counts as handed on. */
  async #give(receiving: Receiving, message: VoiceMessage): Promise<boolean> {
    const { logger, sync } = this.#account;
    const { key, to } = receiving;
    try {
      if ("intake" in to) await relay(this.#account, receiving, message);
      else await to.connector.deliver(message, this.#stopping);
      this.#rests.delete(key);
      return true;
    } catch (thrown) {
      const error = toSottoError(thrown);
      const { code, message: reason, retryAfterMs = 0 } = error;
      if (!isPassing(error) && !NOT_OF_THE_MESSAGE.has(code) && !this.#stopping.aborted) {
        logger.error("a voice message is not handed on: it would never be taken", {
          route: key,
          code,
          reason,
        });
        this.#signals.refused(message);
        return true;
      }
      const pauseMs = Math.min((this.#rests.get(key)?.pauseMs ?? FIRST_PAUSE_MS / 2) * 2, LONGEST_PAUSE_MS);
      const restMs = Math.max(retryAfterMs, pauseMs / 2 + Math.random() * (pauseMs / 2));
      this.#rests.set(key, { untilMs: performance.now() + restMs, pauseMs });
      // a new look at what waits
      setTimeout(() => sync.wake(), restMs + 1).unref();
      logger.warn("a voice message could not be handed on", { route: key, code, reason, pauseMs });
      return false;
    }
  }

  #open(roomId: RoomId, eventId: EventId): Receiving[] {
    const { handed, successors } = this.#account.store;
    // what came before its room was replaced is not lost
    const current = successors.current(roomId);
    return this.#receiving().filter(
      (receiving) => receiving.roomId === current && !handed.has(eventId, receiving.key),
    );
  }

  #isResting(key: string): boolean {
    return (this.#rests.get(key)?.untilMs ?? 0) > performance.now();
  }
}

/** From room to room. What a relay has brought into a room does not leave it again: there are no loops. */
async function relay(account: Account, { to, key }: Receiving, message: VoiceMessage): Promise<void> {
  if (!("intake" in to) || message.isRelayed) return;
  const { eventId, sender, sentMs, replaces } = message;
  if (replaces !== undefined && !(await isBySameSender(account, message, replaces))) return;
  await to.intake.take({
    // each of a room's routes has it once
    id: `${eventId} ${key}`,
    by: eventId,
    source: { stream: message.stream() },
    about: { caller: sender, recordedMs: sentMs },
    ...(replaces !== undefined && { replaces }),
  });
}
