import { randomUUID } from "node:crypto";
import { SottoError } from "../../errors.ts";
import type { WarnedUser } from "../../model/enforcement.ts";
import type { RoomId } from "../../model/ids.ts";
import type { Account } from "../account.ts";

/** What notices are known by in the queue; no connector has such a name. */
const WARNINGS = ":warnings";
const DAY_MS = 86_400_000;

/**
 * Tells users in the room, encrypted, that their devices are unsigned. The notice of a round is sent once, whatever is
 * lost or killed; the time of grace begins when it is in the room.
 */
export async function warn(
  { store, outbox, stops }: Account,
  roomId: RoomId,
  users: readonly WarnedUser[],
  graceMs: number,
): Promise<void> {
  const rounds = users.map(({ userId, round }) => [userId, round]);
  const origin = store.originOf(WARNINGS, JSON.stringify([roomId, rounds, firstOf(store, roomId, users)]));
  if (!store.jobs.jobsOf(origin)) {
    const content = noticeFor(users, graceMs);
    const job = { roomId, txnId: randomUUID(), state: "uploaded" as const };
    await outbox.take([{ ...job, source: WARNINGS, contentJson: JSON.stringify(content) }], origin);
  }
  const [jobId] = store.jobs.jobsOf(origin) ?? [];
  const job = jobId === undefined ? undefined : store.jobs.get(jobId);
  if (!job) throw new SottoError("JOB_UNKNOWN", "the notice was dropped from the queue");
  if (job.state === "failed") await outbox.retry(job.jobId);
  // it is what cures a room below policy
  await stops.letThrough(job.txnId, ["policy"], () => outbox.send(job));
  const nowMs = Date.now();
  store.transaction(() => {
    for (const { userId, round } of users)
      if (countOf(store, roomId, userId) < round) store.enforcement.warned(roomId, userId, nowMs);
  });
}

/** Whether each was told in that round. */
export const wasTold = ({ store }: Account, roomId: RoomId, users: readonly WarnedUser[]): boolean =>
  users.every(({ userId, round }) => countOf(store, roomId, userId) >= round);

const warningOf = ({ enforcement }: Account["store"], roomId: RoomId, userId: string) =>
  enforcement.warnings().find((told) => told.roomId === roomId && told.userId === userId);

const countOf = (store: Account["store"], roomId: RoomId, userId: string): number =>
  warningOf(store, roomId, userId)?.count ?? 0;

/** Whoever was forgiven and begins anew is told anew. */
const firstOf = (store: Account["store"], roomId: RoomId, users: readonly WarnedUser[]): (number | null)[] =>
  users.map(({ userId }) => warningOf(store, roomId, userId)?.firstMs ?? null);

function noticeFor(users: readonly WarnedUser[], graceMs: number) {
  const days = Math.max(1, Math.ceil(graceMs / DAY_MS));
  const lines = users.map(({ userId, devices }) =>
    devices.length > 0
      ? `- ${userId}: verify ${devices.join(", ")} in your client's settings, or log it out`
      : `- ${userId}: set up cross-signing (a recovery key) in your client's settings`,
  );
  return {
    msgtype: "m.notice",
    body: [
      "The rules of this room ask that every device is signed by its owner. These are not:",
      ...lines,
      `Whose devices stay unsigned for ${days} ${days === 1 ? "day" : "days"} after the first notice is removed from the room.`,
    ].join("\n"),
    "m.mentions": { user_ids: users.map(({ userId }) => userId) },
  };
}
