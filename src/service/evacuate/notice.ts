import { setTimeout as delay } from "node:timers/promises";
import { SottoError, toSottoError } from "../../errors.ts";
import type { StepResult } from "../../model/evacuation.ts";
import type { RoomId } from "../../model/ids.ts";
import type { Job, SentJob } from "../../model/job.ts";
import type { StopReason } from "../../model/stopped-room.ts";
import type { Account } from "../account.ts";
import { receiptOf } from "../pipeline.ts";
import { noticeOf } from "./words.ts";

/** What notices are known by in the queue; no connector has such a name. */
const EVACUATION = ":evacuation";
/** Nobody in need waits longer for a homeserver that is silent. */
const PATIENCE_MS = 60_000;
const ANYWAY: readonly StopReason[] = ["evacuated", "policy"];

/**
 * Tells the room, which is stopped, and only while this is asked for. The same transaction ID is the same event, whatever
 * was lost or killed.
 */
export async function tellRoom(
  account: Account,
  roomId: RoomId,
  { text, noticeTxnId }: { text: string; noticeTxnId: string },
): Promise<StepResult> {
  try {
    const job = await noticeJob(account, roomId, text, noticeTxnId);
    const sending = account.outbox.send(job);
    sending.catch(() => undefined); // it may be told after we have gone
    const sent = await account.stops.letThrough(job.txnId, ANYWAY, () => inTime(sending, account, job));
    return told(account, sent);
  } catch (thrown) {
    return untold(toSottoError(thrown));
  }
}

/** A drill is a message as any other: one that cannot be sent now is given up. */
export async function tellInDrill(account: Account, roomId: RoomId, text: string): Promise<StepResult> {
  try {
    const job = await account.outbox.accept(roomId, noticeOf(text));
    return told(account, await account.outbox.send(job));
  } catch (thrown) {
    return untold(toSottoError(thrown));
  }
}

/** Nothing of a notice is sent when its room is lifted; of one that may have arrived, that is kept to be looked at. */
export async function withdraw({ store, outbox }: Account, noticeTxnId: string): Promise<void> {
  const job = store.jobs.withTxnId(noticeTxnId);
  if (!job || job.state === "sent") return;
  if (job.state !== "encrypted") return void (await outbox.drop(job.jobId));
  const message = "whether the notice of an evacuation reached the room is not known";
  store.jobs.failed(job, new SottoError("SEND_UNCERTAIN", message));
}

async function noticeJob(
  { store, outbox }: Account,
  roomId: RoomId,
  text: string,
  txnId: string,
): Promise<Job> {
  const origin = store.originOf(EVACUATION, txnId);
  if (!store.jobs.jobsOf(origin)) {
    const contentJson = JSON.stringify(noticeOf(text));
    const job = { ...{ roomId, txnId, contentJson }, state: "uploaded" as const, source: EVACUATION };
    await outbox.take([job], origin);
  }
  const job = store.jobs.withTxnId(txnId);
  if (!job) throw new SottoError("JOB_UNKNOWN", "the notice was dropped from the queue");
  return job.state === "failed" ? outbox.retry(job.jobId) : job;
}

/** What has not left by then does not leave any more: the room is stopped for it too. */
async function inTime(sending: Promise<SentJob>, { store }: Account, { jobId }: Job): Promise<SentJob> {
  const sent = new AbortController();
  const late = delay(PATIENCE_MS, undefined, { signal: sent.signal }).then(() => {
    const message = `the homeserver has not taken the notice within ${PATIENCE_MS / 1_000} s`;
    const mayHaveLeft = store.jobs.get(jobId)?.state === "encrypted";
    throw new SottoError(mayHaveLeft ? "SEND_UNCERTAIN" : "HOMESERVER_UNREACHABLE", message);
  });
  try {
    return await Promise.race([sending, late]);
  } finally {
    sent.abort();
    late.catch(() => undefined);
  }
}

function told(account: Account, sent: SentJob): StepResult {
  const { eventId, sharedWith, withheld } = receiptOf(account, sent);
  const without = withheld.length === 0 ? "" : `, ${withheld.length} left out: \`sotto why ${eventId}\``;
  return {
    ...{ step: "notice", outcome: "done", eventId },
    message: `the room was told; ${sharedWith.length} devices can read it${without}`,
  };
}

function untold({ code, message, cure }: SottoError): StepResult {
  const isUncertain = code === "SEND_UNCERTAIN";
  return {
    ...{ step: "notice", outcome: isUncertain ? "uncertain" : "failed", code },
    message: isUncertain ? "whether the room was told is not known" : `the room was not told: ${message}`,
    cure: isUncertain
      ? "run the same command again: it repeats the same request, and tells nobody twice"
      : cure,
  };
}
