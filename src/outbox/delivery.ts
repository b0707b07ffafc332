import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import { SottoError } from "../errors.ts";
import type { UnplacedVoiceMessage, VoiceMessageContent } from "../model/event.ts";
import type { MxcUri } from "../model/ids.ts";
import type { Job, SentJob } from "../model/job.ts";
import { megolmMessageIndex } from "../model/megolm-message.ts";
import type { OutboxStore, RecordingStore, SpoolStore } from "../model/outbox-store.ts";
import type {
  Clock,
  ContentRepository,
  FindSent,
  Prepare,
  RoomEncryptor,
  SendGate,
  Stopped,
} from "../model/ports.ts";
import { Slots } from "./slots.ts";
import { Spooled } from "./spooled.ts";

export interface DeliveryOptions {
  store: { jobs: OutboxStore; spool: SpoolStore; recordings: RecordingStore };
  contentRepository: ContentRepository;
  encryptor: RoomEncryptor;
  gate: SendGate;
  /** Makes a message of a recording that was accepted. */
  prepare: Prepare;
  findSent: FindSent;
  /** Why nothing goes into a job's room now, if so; asked before each thing that is done for it. */
  stopped: Stopped;
  clock: Clock;
}

/**
 * Synapse forgets transaction IDs after 24 hours. A request of unknown outcome that is half that old is repeated only
 * when the room was looked through: the server might take it for a new one.
 */
const REPEATABLE_MS = 12 * 3_600_000;

function placed(content: UnplacedVoiceMessage, url: MxcUri): VoiceMessageContent {
  const { "m.new_content": renewed, ...message } = content;
  return {
    ...message,
    file: { ...content.file, url },
    ...(renewed && { "m.new_content": placed(renewed, url) }),
  };
}

const isSent = (job: Job): job is SentJob =>
  job.state === "sent" && job.eventId !== undefined && job.sessionId !== undefined;

/** A message of a recording, with its attachment. */
interface Part {
  content(size: number, of: number): Promise<object>;
  spooled: Spooled;
}

/** One message's way: `accepted ▸ encoded ▸ uploaded ▸ encrypted ▸ sent`, each durable before the next begins. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #encoders = new Slots(availableParallelism());

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  async deliver(job: Job): Promise<SentJob> {
    const uploaded = await this.#uploaded(await this.encoded(job));
    // nobody has asked for what is frozen now
    return this.#sent(await this.#frozen(uploaded), uploaded.state === "encrypted");
  }

  /** The job with its attachment in the spool. Each attempt draws a new key: nothing of an earlier one is used. */
  async encoded(job: Job): Promise<Job> {
    const { store, contentRepository, prepare } = this.#options;
    const { jobs, spool, recordings } = store;
    const { txnId, recordingId } = job;
    if (job.state !== "accepted" || recordingId === undefined) return job;
    return this.#encoders.run(async () => {
      await spool.drop(txnId);
      const limit = contentRepository.maxUploadBytes();
      const parts: Part[] = [];
      try {
        for await (const { ciphertext, content } of prepare(job, recordings.read(recordingId))) {
          const where = { spool, txnId: parts.length === 0 ? txnId : randomUUID(), limit };
          parts.push({ content, spooled: await Spooled.of(ciphertext, where) });
        }
        const encoded = await this.#accept(job, parts);
        if (!(await jobs.needsRecording(recordingId))) await recordings.drop(recordingId);
        return encoded;
      } finally {
        for (const { spooled } of parts) await spooled[Symbol.asyncDispose]();
      }
    });
  }

  /** All that a recording became, in one step: the job, and those that follow it. */
  async #accept(job: Job, parts: readonly Part[]): Promise<Job> {
    const contents = await Promise.all(
      parts.map(async ({ content, spooled }) => JSON.stringify(await content(spooled.size, parts.length))),
    );
    const [first, ...further] = contents.map((contentJson, index) => ({
      txnId: parts[index]!.spooled.txnId,
      contentJson,
    }));
    const encoded = await this.#options.store.jobs.encoded(job, first!.contentJson, further);
    for (const { spooled } of parts) spooled.keep();
    return encoded;
  }

  /** The job with its content as it will be encrypted. */
  async #uploaded(job: Job): Promise<Job> {
    const { store, contentRepository } = this.#options;
    if (job.state !== "encoded") return job;
    this.#requireOpen(job);
    const { jobs, spool } = store;
    const mxcUri = await contentRepository.upload(() => spool.pieces(job.txnId), await spool.size(job.txnId));
    const content = JSON.parse(job.contentJson!) as UnplacedVoiceMessage;
    return jobs.uploaded(job, mxcUri, JSON.stringify(placed(content, mxcUri)));
  }

  /** The job with its event as every request will carry it. */
  async #frozen(job: Job): Promise<Job> {
    const { store, encryptor, clock } = this.#options;
    if (job.state !== "uploaded") return job;
    this.#requireOpen(job);
    const event = await encryptor.encrypt(job.roomId, "m.room.message", JSON.parse(job.contentJson!));
    // sharing the key took time: what is not frozen can still be encrypted anew
    this.#requireOpen(job);
    return store.jobs.freeze(job, {
      eventJson: JSON.stringify(event),
      sessionId: event.session_id,
      messageIndex: megolmMessageIndex(event.ciphertext),
      firstPutMs: clock(),
    });
  }

  async #sent(job: Job, isRepeat: boolean): Promise<SentJob> {
    const { store, clock } = this.#options;
    if (isSent(job)) return job;
    const { roomId, txnId, eventJson } = job;
    this.#requireOpen(job);
    const found = isRepeat ? await this.#found(job) : undefined;
    const eventId = found ?? (await this.#options.gate.putEncrypted(roomId, txnId, eventJson!));
    try {
      await store.jobs.sent(job.jobId, eventId, clock());
    } catch (cause) {
      throw new SottoError("SEND_UNCERTAIN", "the message arrived, but the store could not note it", {
        cause,
      });
    }
    const sent = await store.jobs.get(job.jobId);
    if (!sent || !isSent(sent)) throw new Error(`job ${job.jobId} is not noted as sent`);
    return sent;
  }

  /** Where a request was made so long ago that the same one might make a second event. */
  async #found({ roomId, txnId, eventJson, firstPutMs = 0 }: Job): Promise<string | undefined> {
    const { findSent, clock } = this.#options;
    const ageMs = clock() - firstPutMs;
    if (ageMs >= 0 && ageMs <= REPEATABLE_MS) return undefined;
    const { ciphertext } = JSON.parse(eventJson!) as { ciphertext: string };
    // a clock that was put back tells no time: then everything is looked through
    return findSent(roomId, { ciphertext, txnId, sinceMs: ageMs < 0 ? 0 : firstPutMs });
  }

  /** Throws where the job's room is stopped. */
  #requireOpen(job: Job): void {
    const stop = this.#options.stopped(job);
    if (stop) throw stop;
  }
}
