import { setTimeout as delay } from "node:timers/promises";
import { SottoError, toSottoError } from "../../errors.ts";
import type { StepResult } from "../../model/evacuation.ts";
import type { RoomId, UserId } from "../../model/ids.ts";
import type { Job, SentJob } from "../../model/job.ts";
import type { StopReason } from "../../model/stopped-room.ts";
import type { Account } from "../account.ts";
import { receiptOf } from "../pipeline.ts";
import { noticeOf } from "./words.ts";

/** What notices are known by in the queue; no connector has such a name. */
const EVACUATION = ":evacuation";
/** Nobody in need waits longer for a homeserver that is silent. */
const PATIENCE_MS = 60_000;
const SAY_ANEW = "choose other words with --message";
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
    const job = noticeJob(account, roomId, text, noticeTxnId);
    const sent = await account.stops.letThrough(job.txnId, ANYWAY, () => inTime(account, job));
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
export async function withdraw(
  { store, outbox }: Pick<Account, "store" | "outbox">,
  noticeTxnId: string,
): Promise<void> {
  const job = store.jobs.withTxnId(noticeTxnId);
  if (!job || job.state === "sent") return;
  // it may leave before its turn comes to be dropped
  const dropped = job.state === "encrypted" ? undefined : outbox.drop(job.jobId);
  const trouble = await dropped?.then(() => undefined, toSottoError);
  const kept = store.jobs.withTxnId(noticeTxnId);
  if (!kept || kept.state === "sent") return;
  if (kept.state !== "encrypted") throw trouble;
  const message = "whether the notice of an evacuation reached the room is not known";
  store.jobs.failed(kept, new SottoError("SEND_UNCERTAIN", message));
}

/** Durable, and not sent before somebody waits for it: the room is stopped for all that nobody waits for. */
function noticeJob({ store }: Account, roomId: RoomId, text: string, txnId: string): Job {
  const origin = store.originOf(EVACUATION, txnId);
  if (!store.jobs.jobsOf(origin)) {
    const contentJson = JSON.stringify(noticeOf(text));
    const job = { ...{ roomId, txnId, contentJson }, state: "uploaded" as const, source: EVACUATION };
    store.jobs.insert([{ ...job, createdMs: Date.now() }], origin);
  }
  const kept = store.jobs.withTxnId(txnId);
  const job = kept?.state === "failed" ? store.jobs.retry(kept) : kept;
  if (!job) throw new SottoError("JOB_UNKNOWN", "the notice was dropped from the queue", { cure: SAY_ANEW });
  return job;
}

/** What has not left by then does not leave any more: the room is stopped for it too. */
async function inTime({ store, outbox }: Account, job: Job): Promise<SentJob> {
  const sending = outbox.send(job);
  sending.catch(() => undefined); // it may be told after we have gone
  const sent = new AbortController();
  const late = delay(PATIENCE_MS, undefined, { signal: sent.signal }).then(() => {
    const message = `the homeserver has not taken the notice within ${PATIENCE_MS / 1_000} s`;
    const mayHaveLeft = store.jobs.get(job.jobId)?.state === "encrypted";
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
  const { eventId, roomId, sharedWith } = receiptOf(account, sent);
  const readers = new Set(sharedWith.map(({ userId }) => userId));
  const members = othersIn(account, roomId);
  const unreached = members.filter((userId) => !readers.has(userId));
  const about = { step: "notice", eventId, ...(unreached.length > 0 && { unreached }) } as const;
  const why = { cure: `tell them by another way; \`sotto why ${eventId}\` says why` };
  if (members.length > 0 && unreached.length === members.length) {
    const message = "the notice is in the room, and nobody there can read it";
    return { ...about, outcome: "failed", message, code: "RECIPIENTS_EXCLUDED", ...why };
  }
  const reached = `the room was told; members who can read it: ${members.length - unreached.length}`;
  if (unreached.length === 0) return { ...about, outcome: "done", message: reached };
  return { ...about, outcome: "done", message: `${reached} of ${members.length}`, ...why };
}

/** Whom a notice is for. */
export const othersIn = ({ store, config }: Account, roomId: RoomId): UserId[] =>
  store.rooms.members(roomId, ["join"]).filter((userId) => userId !== config.account.userId);

function untold({ code, message, cure }: SottoError): StepResult {
  const isUncertain = code === "SEND_UNCERTAIN";
  return {
    ...{ step: "notice", outcome: isUncertain ? "uncertain" : "failed", code },
    message: isUncertain ? "whether the room was told is not known" : `the room was not told: ${message}`,
    cure: isUncertain
      ? "run the same command again: it repeats the same request, and tells nobody twice"
      : `tell its people by another way; for the room: ${cure}, then run the same command again`,
  };
}
