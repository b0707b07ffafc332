import { SottoError } from "../errors.ts";
import { readVoiceContent } from "../media/index.ts";
import type { EventId, RoomId } from "../model/ids.ts";
import type { Job, JobState } from "../model/job.ts";
import type { Account } from "./account.ts";

/** A message that was accepted for sending, as a person may see it: no key of its recording is in it. */
export interface QueuedMessage {
  job: number;
  roomId: RoomId;
  state: JobState;
  /** Milliseconds since the epoch. */
  acceptedMs: number;
  /** The connector or room that brought it; none where somebody sent it. */
  source?: string;
  /** Of what was sent. */
  eventId?: EventId;
  /** Why it waits, where its room is stopped. */
  stopped?: { code: string; message: string; cure: string };
  /** Why it was given up. */
  error?: { code: string; message: string };
}

export interface ShownMessage extends QueuedMessage {
  /** The recording, while its content is kept. */
  recording?: { name: string; durationMs: number | undefined; size: number | undefined };
}

/** What was not sent. */
export interface QueueList {
  /** The oldest ones first. */
  jobs: QueuedMessage[];
  /** How many there are, also of those that are not listed. */
  total: number;
}

export function listQueue({ store, stops }: Account, limit: number): QueueList {
  const total = Object.values(store.jobs.counts()).reduce((sum, jobs) => sum + jobs, 0);
  return { jobs: store.jobs.unsent(limit).map((job) => queued(job, stops)), total };
}

/** @throws SottoError `JOB_UNKNOWN` */
export function showQueued({ store, stops }: Account, job: number): ShownMessage {
  const found = store.jobs.get(job);
  if (!found) throw new SottoError("JOB_UNKNOWN", `there is no message ${job} in the queue`);
  const { contentJson } = found;
  return {
    ...queued(found, stops),
    ...(contentJson === undefined ? {} : recordingOf(JSON.parse(contentJson))),
  };
}

/**
 * Takes a message out of the queue, with its content.
 *
 * @throws SottoError `JOB_UNKNOWN`, or `SEND_UNCERTAIN` for one that may have reached its room
 */
export async function dropQueued({ outbox }: Account, job: number): Promise<QueuedMessage> {
  return queued(await outbox.drop(job));
}

/**
 * Tries a message again that was given up, and waits for what becomes of it. One that has to wait stays in the queue.
 *
 * @throws SottoError `JOB_UNKNOWN`, `USAGE`, and why it cannot be sent
 */
export async function retryQueued({ outbox }: Account, job: number): Promise<QueuedMessage> {
  return queued(await outbox.send(await outbox.retry(job), () => false));
}

function queued(job: Job, stops?: Account["stops"]): QueuedMessage {
  const { jobId, roomId, state, createdMs, source, eventId, errorCode, errorMessage } = job;
  const stop = state === "sent" || state === "failed" ? undefined : stops?.error(roomId);
  return {
    job: jobId,
    roomId,
    state,
    acceptedMs: createdMs,
    ...(source !== undefined && { source }),
    ...(eventId === undefined ? {} : { eventId }),
    ...(stop && { stopped: { code: stop.code, message: stop.message, cure: stop.cure } }),
    ...(errorCode === undefined ? {} : { error: { code: errorCode, message: errorMessage ?? "" } }),
  };
}

function recordingOf(content: Record<string, unknown>): Pick<ShownMessage, "recording"> {
  const voice = readVoiceContent(content);
  if (!voice?.isVoice) return {};
  const { size } = (content.info ?? {}) as { size?: number };
  return { recording: { name: String(content.body), durationMs: voice.durationMs, size } };
}
