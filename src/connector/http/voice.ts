import { randomUUID } from "node:crypto";
import type { Readable } from "node:stream";
import type { Logger } from "../../log.ts";
import type { Intake, Taken } from "../../model/connector.ts";
import { type Answer, type Exchange, hasBody } from "./answer.ts";
import { Body, type BodyLimits, tooLarge } from "./body.ts";
import { describedBy, keyOf, type Words, wordsOf } from "./described.ts";
import { isForm, readForm } from "./form.ts";
import { jobUrl, recordingId } from "./job.ts";
import { refused, retryAfter } from "./refusal.ts";
import type { Token } from "./tokens.ts";

export interface VoiceLimits extends BodyLimits {
  maxRequests: number;
  tokens: readonly unknown[];
}

/** A recording that comes, as its head says it. */
interface Offer {
  token: Token;
  room: string;
  words: Words;
  /** Its client asks first, and has not been asked for anything yet. */
  isHeldBack(): boolean;
}

const BUSY_MS = 2_000;
const KEY_IN_USE_MS = 1_000;

/** Takes recordings out of requests. */
export class VoiceDesk {
  readonly #intake: Intake;
  readonly #limits: VoiceLimits;
  readonly #logger: Logger;
  /** What comes now, and from whom. */
  readonly #bodies = new Map<Body, Token>();
  /** What is being taken, by the identities of the recordings. */
  readonly #taking = new Set<string>();

  constructor(intake: Intake, limits: VoiceLimits, logger: Logger) {
    this.#intake = intake;
    this.#limits = limits;
    this.#logger = logger;
  }

  /**
   * Answers 202 when the recording is durable. All that can be known from the head is looked at before the body is asked for.
   *
   * @throws Refusal, or what the intake throws
   */
  async take(exchange: Exchange, token: Token, room: string): Promise<Answer> {
    const { request, response, expectsContinue } = exchange;
    const words = wordsOf(request.headers);
    this.#requireReadable(exchange);
    describedBy(words);
    keyOf(words);
    this.#requireSpace(token);
    token.count();
    const body = new Body(request, this.#limits, () => expectsContinue && response.writeContinue());
    this.#bodies.set(body, token);
    const isHeldBack = (): boolean => expectsContinue && !body.isStarted;
    try {
      const offer = { token, room, words, isHeldBack };
      const taken = await this.#read(body, request.headers["content-type"], offer);
      // who is told "taken" in the middle of a body may take it for an error
      if (!isHeldBack()) await readToEnd(body);
      return accepted(taken);
    } finally {
      this.#bodies.delete(body);
      body.destroy();
    }
  }

  /** Whoever still sends has so much more time, and is then told to come again. */
  hurry(withinMs: number): void {
    const stopping = refused("BUSY", "Sotto stops", { headers: retryAfter(BUSY_MS) });
    for (const body of this.#bodies.keys()) body.hurry(withinMs, stopping);
  }

  /** One token has as many places as are free beside its own, so that there is one for the next. */
  #requireSpace(token: Token): void {
    const free = this.#limits.maxRequests - this.#bodies.size;
    const headers = retryAfter(BUSY_MS);
    if (free <= 0) throw refused("BUSY", "too many recordings come at once", { headers });
    const held = this.#bodies.values().reduce((sum, holder) => sum + Number(holder === token), 0);
    if (this.#limits.tokens.length > 1 && held >= free)
      throw refused("TOO_MANY_REQUESTS", "too many recordings of this token come at once", { headers });
  }

  #requireReadable({ request }: Exchange): void {
    const { headers, url = "" } = request;
    const encoding = headers["content-encoding"] ?? "identity";
    if (encoding !== "identity") throw refused("ENCODING_UNSUPPORTED", "the body has a Content-Encoding");
    if (Number(headers["content-length"] ?? 0) > this.#limits.maxBytes) throw tooLarge(this.#limits.maxBytes);
    if (url.includes("?"))
      throw refused("REQUEST_INVALID", "this takes nothing behind a question mark: logs would keep it", {
        cure: "put it into headers, such as `Sotto-Caller: Front door`",
      });
    if (!hasBody(request))
      throw refused("REQUEST_INVALID", "there is no recording in the request", {
        cure: "send it as the body: `curl -T bell.wav URL`",
      });
  }

  async #read(body: Body, contentType: string | undefined, offer: Offer): Promise<Taken> {
    if (!isForm(contentType)) return await this.#hand(body, offer);
    const { words, file } = await readForm(body, contentType);
    return await this.#hand(file, { ...offer, words: { ...words, ...offer.words } });
  }

  /** Two requests with one key at once: the second is told so (draft-ietf-httpapi-idempotency-key-header-07). */
  async #hand(stream: Readable, { token, room, words, isHeldBack }: Offer): Promise<Taken> {
    const id = recordingId(token.name, room, keyOf(words) ?? randomUUID());
    const described = describedBy(words);
    if (this.#taking.has(id))
      throw refused("KEY_IN_USE", "a request with this Idempotency-Key is being taken", {
        headers: retryAfter(KEY_IN_USE_MS),
      });
    this.#taking.add(id);
    try {
      const taken = await this.#intake.take({ id, by: token.name, source: { stream }, room, ...described });
      if (taken.isDuplicate && !isHeldBack()) await this.#requireSame(id, stream);
      this.#logger.info("a recording was taken", { from: token.name, ...taken });
      return taken;
    } catch (thrown) {
      // what has befallen the body is the reason, whatever it was for the intake
      throw stream.errored ?? thrown;
    } finally {
      this.#taking.delete(id);
    }
  }

  /** Another recording under an old key (the same draft). Of one that breaks off nobody can say. */
  async #requireSame(id: string, stream: Readable): Promise<void> {
    const isSame = await this.#intake.isSame(id, { stream }).catch(() => true);
    if (!isSame) throw refused("KEY_REUSED", "another recording was taken with this Idempotency-Key");
  }
}

function accepted({ jobs }: Taken): Answer {
  const [first] = jobs;
  return {
    status: 202,
    headers: first === undefined ? {} : { location: jobUrl(first) },
    body: { jobs: jobs.map((job) => ({ job, url: jobUrl(job) })) },
  };
}

/** Within the body's limits; how it ends does not matter any more. */
function readToEnd(body: Body): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (body.readableEnded || body.destroyed) resolve();
  body.on("close", resolve).resume();
  return promise;
}
