import { randomUUID } from "node:crypto";
import { toSottoError } from "../../errors.ts";
import type { DecryptedEvent } from "../../model/event.ts";
import type { UserId } from "../../model/ids.ts";
import type { Account } from "../account.ts";
import { ANSWERS, HELP, type RoutesHere, statusOf, whyNot } from "./answers.ts";

/** So many answers in so long, all rooms and askers together: nobody makes us talk. */
const MOST_ANSWERS = 6;
const IN_MS = 60_000;
const COMMAND = /^!sotto(?:\s+(\S+))?\s*$/;

/**
 * `!sotto status | why | help`, said in a room by somebody whom the config names and we have verified. The answer goes
 * into the same room through the outbox, which sends nothing in clear. Anybody else hears nothing.
 */
export class Commands {
  readonly #account: Account;
  readonly #relay: RoutesHere;
  readonly #clock: () => number;
  readonly #answeredMs: number[] = [];

  constructor(account: Account, relay: RoutesHere, clock: () => number = () => performance.now()) {
    this.#account = account;
    this.#relay = relay;
    this.#clock = clock;
  }

  /** Whether an event of theirs may be a command: it must be decrypted to be known. */
  mayAsk(sender: UserId): boolean {
    return this.#account.config.commandsFrom.includes(sender);
  }

  /** Resolves when the answer is durable, or there is none. Never rejects. */
  async hear(event: DecryptedEvent): Promise<void> {
    const { logger } = this.#account;
    const { eventId, roomId, sender, trust, content } = event;
    const { msgtype, body } = content;
    const said = msgtype === "m.text" && typeof body === "string" && COMMAND.exec(body.trim());
    if (!said) return;
    const refusal = this.#refusal(event);
    if (refusal)
      return logger.debug("a command is not answered", { eventId, roomId, sender, trust, refusal });
    this.#answeredMs.push(this.#clock());
    try {
      await this.#answer(event, await this.#wordsFor(said[1] ?? "help", event));
    } catch (thrown) {
      const { code, message } = toSottoError(thrown);
      logger.warn("a command could not be answered", { eventId, roomId, code, reason: message });
    }
  }

  #refusal({ sender, trust, roomId }: DecryptedEvent): string | undefined {
    const { store, stops } = this.#account;
    if (!this.mayAsk(sender)) return "the config does not name them";
    if (trust !== "verified") return "they are not verified";
    if (!store.rooms.get(roomId)?.encryption) return "the room is not encrypted";
    if (stops.error(roomId)) return "nothing goes into the room now";
    const sinceMs = this.#clock() - IN_MS;
    while (this.#answeredMs[0] !== undefined && this.#answeredMs[0] < sinceMs) this.#answeredMs.shift();
    return this.#answeredMs.length >= MOST_ANSWERS ? "too many were answered a moment ago" : undefined;
  }

  async #wordsFor(asked: string, { roomId, sender }: DecryptedEvent): Promise<string> {
    if (asked === "status") return statusOf(this.#account, this.#relay, roomId);
    return asked === "why" ? whyNot(this.#account, roomId, sender) : HELP;
  }

  /** Once, also where the event comes again after a crash. */
  async #answer({ roomId, eventId }: DecryptedEvent, body: string): Promise<void> {
    const { store, outbox } = this.#account;
    const origin = store.originOf(ANSWERS, eventId);
    if (store.jobs.jobsOf(origin)) return;
    const content = {
      ...{ msgtype: "m.notice", body, "m.mentions": {} },
      "m.relates_to": { "m.in_reply_to": { event_id: eventId } },
    };
    const job = { roomId, txnId: randomUUID(), state: "uploaded" as const, priority: "high" as const };
    await outbox.take([{ ...job, source: ANSWERS, contentJson: JSON.stringify(content) }], origin);
  }
}
