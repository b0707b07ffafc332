import { type ErrorCode, isPassing, type SottoError, toSottoError } from "../../errors.ts";
import type { Connector, Intake } from "../../model/connector.ts";
import type { EventId, RoomId } from "../../model/ids.ts";
import { Serial } from "../../serial.ts";
import type { Account } from "../account.ts";
import { LEAVE_MS } from "../leaving.ts";
import { done, MOST_FAILURES_IN_A_ROW, openWaiting } from "../receive.ts";
import { isBySameSender } from "../room/edits.ts";
import type { Signals } from "../room/signals.ts";
import { messageOf, type OpenedVoice, type VoiceMessage } from "../voice-message.ts";
import { Lane, type Try } from "./lane.ts";
import { Openings } from "./openings.ts";

/** Where voice messages of a room go. */
export interface Receiving {
  /** The route's, for what is kept of it. */
  key: string;
  /** Undefined while nobody knows which room the route means. */
  roomId(): RoomId | undefined;
  /** Into another room, or to a connector. */
  to: { intakeFrom(room: RoomId): Intake } | { connector: Required<Pick<Connector, "deliver">> };
}

/** A receiver, and what waits for it. */
interface Line {
  receiving: Receiving;
  lane: Lane;
}

type Place = Pick<VoiceMessage, "roomId" | "eventId">;

/** The receiver's trouble, the route's, and what nobody knows: none of them may lose a message. */
const NOT_OF_THE_MESSAGE = new Set<ErrorCode>(["CONNECTOR_FAILED", "ROUTE_UNKNOWN", "INTERNAL"]);

/** As many as the inbox holds: of more, some are not there any more. */
const MOST_WAITING = 5_000;

/** It was told of when it came in. */
const NOBODY = { onWithheld: () => undefined };

/**
 * Hands each voice message of a room to everyone whom a route names, once. Each receiver has a line of its own: it gets
 * them in order, rests where it fails, and holds up nobody else. What waits, waits in the inbox.
 */
export class HandOver {
  readonly #account: Account;
  readonly #signals: Pick<Signals, "handed" | "refused">;
  readonly #stopping: AbortSignal;
  readonly #openings = new Openings<Awaited<ReturnType<typeof openWaiting>>>(async (opened) => {
    if (typeof opened !== "string") await opened.attachment[Symbol.asyncDispose]();
  });
  /** By receiver: one that ends under an old plan comes before its successor. */
  readonly #turns = new Serial();
  #lines: Line[] = [];
  #closing = new AbortController();
  #ended: Promise<unknown> = Promise.resolve();

  constructor(account: Account, signals: Pick<Signals, "handed" | "refused">, stopping: AbortSignal) {
    this.#account = account;
    this.#signals = signals;
    this.#stopping = stopping;
  }

  /** From here on there are these receivers. What is under way is finished; what waits is to be added again. */
  join(receivers: readonly Receiving[]): void {
    this.#closing.abort();
    this.#ended = this.ended();
    this.#closing = new AbortController();
    const closing = AbortSignal.any([this.#stopping, this.#closing.signal]);
    const lull = () => this.#account.sync.nextBatch(closing);
    this.#lines = receivers.map((receiving) => {
      const attempt = (eventId: EventId) => this.#soon(receiving, eventId);
      return { receiving, lane: new Lane({ attempt, mostAside: MOST_FAILURES_IN_A_ROW, lull, closing }) };
    });
    this.#account.sync.wake();
  }

  isRouted(roomId: RoomId): boolean {
    return this.#linesOf(roomId).length > 0;
  }

  /** It is in somebody's line. */
  knows(eventId: EventId): boolean {
    return this.#lines.some(({ lane }) => lane.has(eventId));
  }

  /** For all who have not had it. */
  add(roomId: RoomId, eventId: EventId): void {
    const { inbox } = this.#account.store;
    const open = this.#open({ roomId, eventId });
    // nobody is left for it where a receiver's route went
    if (open.length === 0) this.#over({ roomId, eventId });
    for (const { lane } of open) {
      lane.add(eventId);
      if (lane.size > MOST_WAITING) lane.keep((waiting) => inbox.has(waiting));
    }
  }

  /** Resolves when nothing is under way any more, or soon after the service was stopped. */
  async ended(): Promise<void> {
    await Promise.all([this.#ended, ...this.#lines.map(({ lane }) => lane.ended())]);
  }

  /** A receiver that does not hear that the service stops is not waited for: it gets the message again. */
  async #soon(receiving: Receiving, eventId: EventId): Promise<Try> {
    const left = Promise.withResolvers<Try>();
    let timer: NodeJS.Timeout | undefined;
    const leave = (): void => {
      timer = setTimeout(() => left.resolve({ restMs: 0 }), LEAVE_MS);
    };
    this.#stopping.addEventListener("abort", leave);
    try {
      const trying = this.#turns.run(receiving.key, () => this.#try(receiving, eventId));
      return await Promise.race([trying, left.promise]);
    } finally {
      this.#stopping.removeEventListener("abort", leave);
      clearTimeout(timer);
    }
  }

  async #try(receiving: Receiving, eventId: EventId): Promise<Try> {
    const { inbox, handed } = this.#account.store;
    try {
      const waiting = inbox.get(eventId);
      if (!waiting || handed.has(eventId, receiving.key)) return "over";
      return await this.#openings.use(
        eventId,
        () => openWaiting(this.#account, NOBODY, waiting),
        (opened) => this.#handle(receiving, opened),
      );
    } catch (thrown) {
      return inbox.has(eventId) ? this.#later(receiving, toSottoError(thrown)) : "over";
    }
  }

  /** Throws where it has to be tried again. */
  async #handle(receiving: Receiving, opened: OpenedVoice | "waits" | "failed" | "done"): Promise<Try> {
    const { store, logger } = this.#account;
    if (opened === "done") return "over";
    if (typeof opened === "string") return "aside";
    // it may have been redacted while it was fetched
    if (!store.inbox.has(opened.eventId)) return "over";
    try {
      await this.#give(receiving, messageOf(opened));
    } catch (thrown) {
      const error = toSottoError(thrown);
      const { code, message: reason } = error;
      if (isPassing(error) || NOT_OF_THE_MESSAGE.has(code) || this.#stopping.aborted) throw error;
      const what = "a voice message is not handed on: it would never be taken";
      logger.error(what, { route: receiving.key, code, reason });
      this.#signals.refused(opened);
    }
    const isLast = this.#open(opened).every(({ receiving: { key } }) => key === receiving.key);
    if (isLast) this.#over(opened);
    else store.handed.add(opened.eventId, receiving.key);
    return "over";
  }

  async #give({ to, key }: Receiving, message: VoiceMessage): Promise<void> {
    if ("connector" in to) return await to.connector.deliver(message, this.#stopping);
    // what a relay has brought into a room does not leave it again: there are no loops
    if (message.isRelayed) return;
    const { roomId, eventId, sender, sentMs, replaces } = message;
    if (replaces !== undefined && !(await isBySameSender(this.#account, message, replaces))) return;
    await to.intakeFrom(roomId).take({
      // each of a room's routes has it once
      id: `${eventId} ${key}`,
      by: eventId,
      source: { stream: message.stream() },
      about: { caller: sender, recordedMs: sentMs },
      ...(replaces !== undefined && { replaces }),
    });
  }

  #later({ key }: Receiving, { code, message: reason, retryAfterMs = 0 }: SottoError): Try {
    this.#account.logger.warn("a voice message could not be handed on", { route: key, code, reason });
    return { restMs: retryAfterMs };
  }

  /** Every route of its room has it. */
  #over(place: Place): void {
    if (!this.#account.store.inbox.has(place.eventId)) return;
    done(this.#account, place.eventId);
    this.#signals.handed(place);
  }

  #open({ roomId, eventId }: Place): Line[] {
    const { handed } = this.#account.store;
    return this.#linesOf(roomId).filter(({ receiving }) => !handed.has(eventId, receiving.key));
  }

  #linesOf(roomId: RoomId): Line[] {
    // what came before its room was replaced is not lost
    const current = this.#account.store.successors.current(roomId);
    return this.#lines.filter(({ receiving }) => receiving.roomId() === current);
  }
}
