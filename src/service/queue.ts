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
  /** Of what was sent. */
  eventId?: EventId;
  /** Why it was given up. */
  error?: { code: string; message: string };
}

export interface ShownMessage extends QueuedMessage {
  /** The recording, while its content is kept. */
  recording?: { name: string; durationMs: number | undefined; size: number | undefined };
}

/** What was not sent, oldest first. */
export const listQueue = ({ store }: Account): QueuedMessage[] => store.jobs.unsent().map(queued);

/** @throws SottoError `JOB_UNKNOWN` */
export function showQueued({ store }: Account, job: number): ShownMessage {
  const found = store.jobs.get(job);
  if (!found) throw new SottoError("JOB_UNKNOWN", `there is no message ${job} in the queue`);
  const { contentJson } = found;
  return { ...queued(found), ...(contentJson === undefined ? {} : recordingOf(JSON.parse(contentJson))) };
}

/**
 * Takes a message out of the queue, with its content.
 *
 * @throws SottoError `JOB_UNKNOWN`, or `SEND_UNCERTAIN` for one that may have reached its room
 */
export async function dropQueued({ outbox }: Account, job: number): Promise<QueuedMessage> {
  return queued(await outbox.drop(job));
}

function queued({ jobId, roomId, state, createdMs, eventId, errorCode, errorMessage }: Job): QueuedMessage {
  return {
    job: jobId,
    roomId,
    state,
    acceptedMs: createdMs,
    ...(eventId === undefined ? {} : { eventId }),
    ...(errorCode === undefined ? {} : { error: { code: errorCode, message: errorMessage ?? "" } }),
  };
}

function recordingOf(content: Record<string, unknown>): Pick<ShownMessage, "recording"> {
  const voice = readVoiceContent(content);
  if (!voice?.isVoice) return {};
  const { size } = (content.info ?? {}) as { size?: number };
  return { recording: { name: String(content.body), durationMs: voice.durationMs, size } };
}
