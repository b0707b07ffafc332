import { describe, expect, it } from "vitest";
import { SottoError } from "../../src/errors.ts";
import type { Outbox } from "../../src/outbox/index.ts";
import { outboxOn, throwing } from "../support/faulty-ports.ts";
import { OTHER_ROOM, openTestStore, ROOM } from "../support/store.ts";

const CONTENT = { msgtype: "m.audio", body: "Doorbell" };

const acceptTwo = async (outbox: Outbox, other = ROOM) =>
  [await outbox.accept(ROOM, CONTENT), await outbox.accept(other, CONTENT)] as const;

describe("an accepted message", () => {
  it("is in the store, with a transaction ID of its own, before anything else happens", async () => {
    const { outbox, gate, encryptor, jobs, at } = outboxOn(openTestStore());
    const [one, two] = await acceptTwo(outbox);
    expect(one.txnId).not.toBe(two.txnId);
    expect(jobs.get(one.jobId)).toMatchObject({ state: "uploaded", createdMs: at.ms });
    expect(jobs.open().map(({ jobId }) => jobId)).toEqual([one.jobId, two.jobId]);
    expect([gate.puts, encryptor.encrypted]).toEqual([[], []]);
  });
});

describe("messages that are accepted together", () => {
  it("follow one another", async () => {
    const { outbox, gate } = outboxOn(openTestStore());
    const contents = ["one", "two", "three"].map((body) => ({ content: { ...CONTENT, body } }));
    const jobs = await outbox.acceptAll(ROOM, contents);
    await Promise.all(jobs.map((job) => outbox.send(job)));
    expect(gate.puts.map(({ txnId }) => txnId)).toEqual(jobs.map(({ txnId }) => txnId));
  });

  it("are not there when one of them cannot be", async () => {
    const { outbox, jobs } = outboxOn(openTestStore());
    await using spooled = await outbox.spool(smallAttachment());
    const twice = [CONTENT, CONTENT].map((content) => ({ content, spooled }));
    await expect(outbox.acceptAll(ROOM, twice)).rejects.toThrow();
    expect(jobs.open()).toEqual([]);
  });
});

async function* smallAttachment(): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(10);
}

describe("sending", () => {
  it("encrypts the content as a room message and sends it under the transaction ID", async () => {
    const { outbox, gate, encryptor, jobs } = outboxOn(openTestStore());
    const job = await outbox.accept(ROOM, CONTENT);
    const sent = await outbox.send(job);
    expect(encryptor.encrypted).toEqual([{ roomId: ROOM, eventType: "m.room.message", content: CONTENT }]);
    expect(gate.puts).toHaveLength(1);
    expect(gate.puts[0]).toMatchObject({ roomId: ROOM, txnId: job.txnId });
    expect(sent).toMatchObject({ state: "sent", eventId: "$event1", sessionId: `session of ${ROOM}` });
    expect(jobs.open()).toEqual([]);
  });

  it("has each state in the store before the next begins", async () => {
    const { outbox, gate, encryptor, jobs, at } = outboxOn(openTestStore());
    const job = await outbox.accept(ROOM, CONTENT);
    const seen: unknown[] = [];
    encryptor.outcomes.push(() => void seen.push(jobs.get(job.jobId)?.state));
    gate.onPut = ({ eventJson }) => {
      const stored = jobs.get(job.jobId);
      seen.push(stored?.state, stored?.firstPutMs);
      expect(stored?.eventJson).toBe(eventJson);
    };
    await outbox.send(job);
    expect(seen).toEqual(["uploaded", "encrypted", at.ms]);
  });

  it("of a message that was sent gives the same event and sends nothing", async () => {
    const { outbox, gate } = outboxOn(openTestStore());
    const job = await outbox.accept(ROOM, CONTENT);
    const first = await outbox.send(job);
    expect(await outbox.send(job)).toEqual(first);
    expect(gate.puts).toHaveLength(1);
  });

  it("at the same time twice sends it once", async () => {
    const { outbox, gate } = outboxOn(openTestStore());
    const job = await outbox.accept(ROOM, CONTENT);
    const [one, two] = await Promise.all([outbox.send(job), outbox.send(job)]);
    expect(one.eventId).toBe(two.eventId);
    expect(gate.puts).toHaveLength(1);
  });
});

describe("a refusal", () => {
  const refused = new SottoError("ROOM_FORBIDDEN", "the account may not send");

  it("by the homeserver is final: the message is given up with the reason, and never sent again", async () => {
    const { outbox, gate, jobs } = outboxOn(openTestStore());
    const job = await outbox.accept(ROOM, CONTENT);
    gate.outcomes.push(throwing(refused));
    await expect(outbox.send(job)).rejects.toBe(refused);
    expect(jobs.get(job.jobId)).toMatchObject({ state: "failed", errorCode: "ROOM_FORBIDDEN" });
    await expect(outbox.send(job)).rejects.toMatchObject({
      code: "ROOM_FORBIDDEN",
      message: refused.message,
    });
    expect(gate.puts).toHaveLength(1);
    expect(jobs.open()).toEqual([]);
  });

  it("by the policy keeps the message from leaving at all", async () => {
    const { outbox, gate, encryptor, jobs } = outboxOn(openTestStore());
    const job = await outbox.accept(ROOM, CONTENT);
    encryptor.outcomes.push(throwing(new SottoError("IDENTITY_CHANGED", "the identity has changed")));
    await expect(outbox.send(job)).rejects.toMatchObject({ code: "IDENTITY_CHANGED" });
    expect(gate.puts).toEqual([]);
    expect(jobs.get(job.jobId)).toMatchObject({ state: "failed", eventJson: undefined });
  });

  it("does not hold up the next message", async () => {
    const { outbox, gate } = outboxOn(openTestStore());
    const [one, two] = await acceptTwo(outbox);
    gate.outcomes.push(throwing(refused));
    const results = await Promise.allSettled([outbox.send(one), outbox.send(two)]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
  });
});

describe("the order", () => {
  it("in one room is that in which they were sent: the next is not even encrypted before the last was answered", async () => {
    const { outbox, gate, encryptor } = outboxOn(openTestStore());
    const [one, two] = await acceptTwo(outbox);
    const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()];
    gate.outcomes.push(() => {
      asked.resolve();
      return answer.promise;
    });
    const both = [outbox.send(one), outbox.send(two)];
    await asked.promise;
    expect(encryptor.encrypted).toHaveLength(1);
    answer.resolve("$one");
    await Promise.all(both);
    expect(gate.puts.map(({ txnId }) => txnId)).toEqual([one.txnId, two.txnId]);
  });

  it("does not bind rooms to one another", async () => {
    const { outbox, gate } = outboxOn(openTestStore());
    const [slow, quick] = await acceptTwo(outbox, OTHER_ROOM);
    const answer = Promise.withResolvers<string>();
    gate.outcomes.push(() => answer.promise);
    const waiting = outbox.send(slow);
    await expect(outbox.send(quick)).resolves.toMatchObject({ state: "sent" });
    answer.resolve("$slow");
    await expect(waiting).resolves.toMatchObject({ eventId: "$slow" });
  });
});

describe("a message that is dropped", () => {
  it("is not there any more, and neither sent nor waited for", async () => {
    const { outbox, gate, jobs } = outboxOn(openTestStore());
    const [waiting, next] = await acceptTwo(outbox);
    expect(await outbox.drop(waiting.jobId)).toEqual(waiting);
    await outbox.send(next);
    expect(gate.puts.map(({ txnId }) => txnId)).toEqual([next.txnId]);
    await expect(outbox.send(waiting)).rejects.toMatchObject({ code: "JOB_UNKNOWN" });
    expect(jobs.open()).toEqual([]);
  });

  it("while it is being sent is sent, and the person is told", async () => {
    const { outbox, gate, jobs } = outboxOn(openTestStore());
    const job = await outbox.accept(ROOM, CONTENT);
    const sending = outbox.send(job);
    await expect(outbox.drop(job.jobId)).rejects.toMatchObject({ code: "USAGE" });
    expect(await sending).toMatchObject({ state: "sent" });
    expect([gate.puts.length, jobs.get(job.jobId)?.state]).toEqual([1, "sent"]);
  });
});
