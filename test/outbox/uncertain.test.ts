import { describe, expect, it } from "vitest";
import { SottoError } from "../../src/errors.ts";
import { outboxOn, throwing } from "../support/outbox.ts";
import { openTestStore, ROOM, storeOptions } from "../support/store.ts";

const CONTENT = { msgtype: "m.audio", body: "Doorbell" };
const HOURS = 3_600_000;
const uncertain = throwing(
  new SottoError("SEND_UNCERTAIN", "whether the event reached the room is not known"),
);
const unreachable = throwing(new SottoError("HOMESERVER_UNREACHABLE", "connection refused"));
const diskFull = throwing(new SottoError("DISK_FULL", "the disk is full"));

/** A message whose first request had no answer. */
async function halfSent(options = storeOptions()) {
  const store = openTestStore(options);
  const house = outboxOn(store);
  const job = house.outbox.accept(ROOM, CONTENT);
  house.gate.outcomes.push(uncertain);
  await expect(house.outbox.deliver(job)).rejects.toMatchObject({ code: "SEND_UNCERTAIN" });
  return { ...house, store, job, options };
}

describe("a message of which it is not known whether it arrived", () => {
  it("stays open", async () => {
    const { outbox, job } = await halfSent();
    expect(outbox.unfinished()).toMatchObject([{ jobId: job.jobId, state: "encrypted" }]);
  });

  it("is repeated byte for byte, under the same transaction ID and with no second encryption", async () => {
    const { outbox, job, gate, encryptor } = await halfSent();
    await expect(outbox.deliver(job)).resolves.toMatchObject({ state: "sent" });
    expect(gate.puts).toHaveLength(2);
    expect(gate.puts[1]).toEqual(gate.puts[0]);
    expect(encryptor.encrypted).toHaveLength(1);
  });

  it("is repeated the same way by the next process", async () => {
    const { store, gate: before, job, options, at } = await halfSent();
    store.close();
    const { outbox, gate, encryptor } = outboxOn(openTestStore(options), at);
    const [open] = outbox.unfinished();
    await expect(outbox.deliver(open!)).resolves.toMatchObject({ jobId: job.jobId, state: "sent" });
    expect(gate.puts).toEqual(before.puts);
    expect(encryptor.encrypted).toEqual([]);
  });

  it("is repeated for twelve hours after the first request, however often that was tried", async () => {
    const { outbox, job, gate, at } = await halfSent();
    for (const hours of [6, 6]) {
      at.ms += hours * HOURS;
      gate.outcomes.push(uncertain);
      await expect(outbox.deliver(job)).rejects.toMatchObject({ code: "SEND_UNCERTAIN" });
    }
    expect(gate.puts).toHaveLength(3);
  });

  it("is not repeated after that: the server might take it for a new one", async () => {
    const { outbox, job, gate, at } = await halfSent();
    at.ms += 12 * HOURS + 1;
    await expect(outbox.deliver(job)).rejects.toMatchObject({ code: "SEND_UNCERTAIN", exitCode: 3 });
    expect(gate.puts).toHaveLength(1);
  });

  it("does not become a failed one because the next request cannot be made", async () => {
    const { outbox, job, gate } = await halfSent();
    gate.outcomes.push(unreachable);
    await expect(outbox.deliver(job)).rejects.toMatchObject({ code: "SEND_UNCERTAIN" });
    expect(outbox.unfinished()).toMatchObject([{ jobId: job.jobId, state: "encrypted" }]);
    await expect(outbox.deliver(job)).resolves.toMatchObject({ state: "sent" });
    expect(gate.puts[2]).toEqual(gate.puts[0]);
  });
});

describe("a message that the server took and the store could not note", () => {
  it("is not given up: its repeat finds out the event", async () => {
    const store = openTestStore();
    const { sent } = store.jobs;
    const { outbox, gate } = outboxOn(store);
    const job = outbox.accept(ROOM, CONTENT);
    store.jobs.sent = diskFull;
    await expect(outbox.deliver(job)).rejects.toBeInstanceOf(SottoError);
    store.jobs.sent = sent;
    expect(outbox.unfinished()).toMatchObject([{ jobId: job.jobId, state: "encrypted" }]);
    await expect(outbox.deliver(job)).resolves.toMatchObject({ state: "sent" });
    expect(gate.puts[1]).toEqual(gate.puts[0]);
  });
});

describe("what an earlier process left", () => {
  it("accepted is encrypted now, for those who are members now", async () => {
    const options = storeOptions();
    const first = openTestStore(options);
    outboxOn(first).outbox.accept(ROOM, CONTENT);
    first.close();
    const { outbox, encryptor } = outboxOn(openTestStore(options));
    await expect(outbox.deliver(outbox.unfinished()[0]!)).resolves.toMatchObject({ state: "sent" });
    expect(encryptor.encrypted).toHaveLength(1);
  });

  it("encrypted, and never asked the server for, is sent however old it is", async () => {
    const options = storeOptions();
    const first = openTestStore(options);
    const { jobId } = outboxOn(first).outbox.accept(ROOM, CONTENT);
    first.jobs.freeze(jobId, '{"frozen":true}', "session");
    first.close();
    const { outbox, gate, at } = outboxOn(openTestStore(options));
    at.ms += 100 * HOURS;
    await expect(outbox.deliver(outbox.unfinished()[0]!)).resolves.toMatchObject({ state: "sent" });
    expect(gate.puts[0]?.eventJson).toBe('{"frozen":true}');
  });

  it("is not given up because the homeserver cannot be reached yet", async () => {
    const options = storeOptions();
    const first = openTestStore(options);
    const { jobId } = outboxOn(first).outbox.accept(ROOM, CONTENT);
    first.close();
    const { outbox, encryptor } = outboxOn(openTestStore(options));
    encryptor.outcomes.push(unreachable);
    await expect(outbox.deliver(outbox.unfinished()[0]!)).rejects.toMatchObject({ exitCode: 4 });
    expect(outbox.unfinished()).toMatchObject([{ jobId, state: "accepted" }]);
  });
});
