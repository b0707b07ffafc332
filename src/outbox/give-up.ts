import { SottoError } from "../errors.ts";
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
