import { describe, expect, it } from "vitest";
import { SottoError } from "../../src/errors.ts";
import { outboxOn, throwing } from "../support/faulty-ports.ts";
import { openTestStore, ROOM, storeOptions } from "../support/store.ts";

const CONTENT = { msgtype: "m.audio", body: "Doorbell" };
const HOURS = 3_600_000;
const uncertain = throwing(
  new SottoError("SEND_UNCERTAIN", "whether the event reached the room is not known"),
);
const unreachable = throwing(new SottoError("HOMESERVER_UNREACHABLE", "connection refused"));

/** A message whose first request had no answer. */
async function halfSent(options = storeOptions()) {
  const store = openTestStore(options);
  const house = outboxOn(store);
  await house.outbox.resume();
  const job = house.outbox.accept(ROOM, CONTENT);
  house.gate.outcomes.push(uncertain);
  await expect(house.outbox.send(job)).rejects.toMatchObject({ code: "SEND_UNCERTAIN", exitCode: 3 });
  return { ...house, store, job, options };
}

describe("a message of which it is not known whether it arrived", () => {
  it("stays open", async () => {
    const { jobs, job } = await halfSent();
    expect(jobs.open()).toMatchObject([{ jobId: job.jobId, state: "encrypted" }]);
  });

  it("is repeated byte for byte, under the same transaction ID and with no second encryption", async () => {
    const { outbox, job, gate, encryptor } = await halfSent();
    await expect(outbox.send(job)).resolves.toMatchObject({ state: "sent" });
    expect(gate.puts).toHaveLength(2);
    expect(gate.puts[1]).toEqual(gate.puts[0]);
    expect(encryptor.encrypted).toHaveLength(1);
  });

  it("is repeated the same way by the next process", async () => {
    const { store, gate: before, job, options, at } = await halfSent();
    store.close();
    const { outbox, gate, encryptor, jobs } = outboxOn(openTestStore(options), at);
    await outbox.resume();
    expect(jobs.get(job.jobId)).toMatchObject({ state: "sent", eventId: "$event1" });
    expect(gate.puts).toEqual(before.puts);
    expect(encryptor.encrypted).toEqual([]);
  });

  it("is completed by the next send of the same process, as its cure says", async () => {
    const { outbox, job, gate, jobs } = await halfSent();
    await outbox.resume();
    await outbox.send(outbox.accept(ROOM, CONTENT));
    expect(jobs.get(job.jobId)).toMatchObject({ state: "sent" });
    expect(gate.puts[1]).toEqual(gate.puts[0]);
  });

  it("is repeated for twelve hours after the first request, however often that was tried", async () => {
    const { outbox, job, gate, at } = await halfSent();
    for (const hours of [6, 6]) {
      at.ms += hours * HOURS;
      gate.outcomes.push(uncertain);
      await expect(outbox.send(job)).rejects.toMatchObject({ code: "SEND_UNCERTAIN" });
    }
    expect(gate.puts).toHaveLength(3);
  });

  it("is not repeated after that: the server might take it for a new one", async () => {
    const { outbox, job, gate, at } = await halfSent();
    at.ms += 12 * HOURS + 1;
    const error = await outbox.send(job).catch((thrown: SottoError) => thrown);
    expect(error).toMatchObject({ code: "SEND_UNCERTAIN", cure: expect.stringContaining("look into") });
    expect(gate.puts).toHaveLength(1);
    // whoever asks again hears the same, and is not told that a later start completes it
    await expect(outbox.send(job)).rejects.toEqual(error);
  });

  it("is given up then, and warned of once", async () => {
    const { store, job, options, at, gate: before } = await halfSent();
    store.close();
    at.ms += 12 * HOURS + 1;
    const { outbox, gate, jobs, unsent } = outboxOn(openTestStore(options), at);
    for (const _start of [1, 2, 3]) await outbox.resume();
    expect(unsent).toEqual([expect.objectContaining({ code: "SEND_UNCERTAIN" })]);
    expect(jobs.open()).toEqual([]);
    expect(jobs.get(job.jobId)).toMatchObject({ state: "failed", errorCode: "SEND_UNCERTAIN" });
    expect([before.puts.length, gate.puts.length]).toEqual([1, 0]);
  });

  it("does not become a failed one because the next request cannot be made", async () => {
    const { outbox, job, gate, jobs } = await halfSent();
    gate.outcomes.push(unreachable);
    await expect(outbox.send(job)).rejects.toBeInstanceOf(SottoError);
    expect(jobs.open()).toMatchObject([{ jobId: job.jobId, state: "encrypted" }]);
    await expect(outbox.send(job)).resolves.toMatchObject({ state: "sent" });
    expect(gate.puts[2]).toEqual(gate.puts[0]);
  });

  it("is kept when the server took it and a full disk kept the store from noting so", async () => {
    const store = openTestStore();
    const { outbox, gate, jobs } = outboxOn(store);
    const { sent } = jobs;
    const job = outbox.accept(ROOM, CONTENT);
    jobs.sent = throwing(new SottoError("DISK_FULL", "the disk is full"));
    await expect(outbox.send(job)).rejects.toBeInstanceOf(SottoError);
    jobs.sent = sent;
    expect(jobs.open()).toMatchObject([{ jobId: job.jobId, state: "encrypted" }]);
    await expect(outbox.send(job)).resolves.toMatchObject({ state: "sent" });
    expect(gate.puts[1]).toEqual(gate.puts[0]);
  });
});
