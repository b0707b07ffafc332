import { type ErrorCode, SottoError } from "../errors.ts";
import type { Job } from "../model/job.ts";
import type { OutboxOptions } from "./index.ts";

/** Notes that a message will not be sent. Gives the reason where the store cannot: then it will be, after all. */
export async function giveUp(
  { store, clock, onEnded }: Required<Pick<OutboxOptions, "store" | "clock" | "onEnded">>,
  job: Job,
  error: SottoError,
): Promise<SottoError | undefined> {
  try {
    await store.jobs.failed(job, error, clock());
  } catch (cause) {
    const message = "the message was to be given up, and the store could not note it";
    return new SottoError("SEND_UNCERTAIN", message, { cause });
  }
  onEnded(job, error);
  return undefined;
}

/** With the voice message that it announces, to be tried again with it; for ever where that is not there. Gives why. */
export async function giveUpNotice(
  { store, clock }: Required<Pick<OutboxOptions, "store" | "clock">>,
  notice: Job,
  voice: Job | undefined,
): Promise<SottoError> {
  if (voice) {
    const error = new SottoError(voice.errorCode as ErrorCode, voice.errorMessage!);
    await store.jobs.failed(notice, error, clock());
    return error;
  }
  await store.jobs.remove(notice);
  return new SottoError("JOB_UNKNOWN", `what message ${notice.jobId} announces is not there any more`);
}

/** With its content, and with its recording where nobody else needs that. */
export async function forget({ store }: Pick<OutboxOptions, "store">, job: Job): Promise<void> {
  const { jobs, recordings } = store;
  await jobs.remove(job);
  const { recordingId } = job;
  if (recordingId && !(await jobs.needsRecording(recordingId))) await recordings.drop(recordingId);
}
