import { expect, it } from "vitest";
import { SottoError } from "../../../src/errors.ts";
import { withdraw } from "../../../src/service/evacuate/notice.ts";
import { outboxOn, throwing } from "../../support/faulty-ports.ts";
import { insertJob, openTestStore, ROOM } from "../../support/store.ts";

/** A notice on its way: its key is being shared. */
function underWay() {
  const store = openTestStore();
  const parts = outboxOn(store);
  const shared = Promise.withResolvers<void>();
  parts.encryptor.outcomes.push(() => shared.promise);
  const notice = { txnId: "notice", roomId: ROOM, contentJson: "{}", state: "uploaded" as const };
  const job = insertJob(store.jobs, { ...notice, source: ":evacuation", createdMs: 1 });
  const sending = parts.outbox.send(job);
  return { store, ...parts, job, sending, share: shared.resolve };
}

it("a notice that leaves before it is withdrawn was sent, and that is no trouble", async () => {
  const { store, outbox, encryptor, job, sending, share } = underWay();
  await expect.poll(() => encryptor.encrypted).toHaveLength(1);
  const withdrawn = withdraw({ store, outbox }, job.txnId);
  share();
  await withdrawn;
  expect((await sending).eventId).toBe("$event1");
});

it("one that may have left by then is kept to be looked at, and not repeated", async () => {
  const { store, outbox, encryptor, gate, job, sending, share } = underWay();
  gate.outcomes.push(throwing(new SottoError("SEND_UNCERTAIN", "no answer")));
  await expect.poll(() => encryptor.encrypted).toHaveLength(1);
  const withdrawn = withdraw({ store, outbox }, job.txnId);
  share();
  await expect(sending).rejects.toMatchObject({ code: "SEND_UNCERTAIN" });
  await withdrawn;
  await outbox.resume();
  expect(gate.puts).toHaveLength(1);
  expect(store.jobs.get(job.jobId)).toMatchObject({ state: "failed", errorCode: "SEND_UNCERTAIN" });
});
