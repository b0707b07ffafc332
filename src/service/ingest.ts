import { isPassing, SottoError, toSottoError } from "../errors.ts";
import type { IncomingRecording } from "../model/connector.ts";
import type { MxcUri } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import type { Account } from "./account.ts";
import { type Receipt, receiptOf } from "./pipeline.ts";
import { Destinations } from "./relay/destinations.ts";
import { createIntake } from "./relay/intake.ts";
import type { Route } from "./relay/routes.ts";

/** A recording that a command brings, as a connector would. */
export interface IngestArguments extends Pick<IncomingRecording, "id" | "about" | "raw"> {
  room: string;
  /** Whether `about` goes beside it. */
  announce?: boolean;
}

/** What became of it; of one that was taken long ago, only that it was. */
export interface Ingested extends Partial<Receipt> {
  /** It had been taken before. */
  isDuplicate: boolean;
  mxcUri?: MxcUri;
}

/** What the intake knows it by: what `sotto ingest` brought once, it does not bring again. */
const SOURCE = "ingest";

const KEPT =
  "nothing is lost: the recording is kept, and sent by `sotto run` or the next `sotto send`; bringing it again is safe";

/**
 * Takes a recording, durably, and sends it. What stands in the way for a while does not lose it: whoever brought it may
 * have ended by then, and may not ask again.
 *
 * @throws SottoError what refuses the room, the recording or the message; a passing trouble, also when it was taken
 */
export async function ingest(
  account: Account,
  { room, announce = false, ...recording }: IngestArguments,
  source: IncomingRecording["source"],
  signal: AbortSignal,
): Promise<Ingested> {
  using destinations = new Destinations(account);
  await destinations.know([room]);
  const trouble = destinations.troubles().get(room);
  // a homeserver that is away keeps nobody from taking it
  if (trouble && !isPassing(trouble)) throw trouble;
  const route: Route = { from: SOURCE, to: room, announce, priority: "normal", onMissed: "leave" };
  const intake = createIntake({ account, destinations, source: SOURCE, routes: () => [route] });
  const { jobs, isDuplicate } = await intake.take({ ...recording, source }, signal).catch((thrown) => {
    signal.throwIfAborted();
    throw thrown;
  });
  const job = jobs.map((jobId) => account.store.jobs.get(jobId)).find((made) => made && !made.announces);
  return { isDuplicate, ...(job && (await send(account, job))) };
}

async function send(account: Account, job: Job): Promise<Partial<Ingested>> {
  // whoever brings it again wants it sent
  if (job.state === "failed") await account.outbox.retry(job.jobId);
  try {
    // nobody need hear the answer: it is not given up for a trouble that passes
    const sent = await account.outbox.send(job, () => false);
    return { ...receiptOf(account, sent), mxcUri: sent.mxcUri! };
  } catch (thrown) {
    const error = toSottoError(thrown);
    if (!isPassing(error)) throw error;
    throw new SottoError(error.code, error.message, { cause: error.cause, cure: KEPT });
  }
}
