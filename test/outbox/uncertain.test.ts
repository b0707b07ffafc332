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
  const job = await house.outbox.accept(ROOM, CONTENT);
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
    await outbox.send(await outbox.accept(ROOM, CONTENT));
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

  it("is looked for after that, because the server might take it for a new one: found, it is not repeated", async () => {
    const { outbox, job, gate, at, timeline } = await halfSent();
    const { ciphertext } = JSON.parse(gate.puts[0]!.eventJson) as { ciphertext: string };
    timeline.push({ roomId: ROOM, ciphertext, eventId: "$arrived" });
    at.ms += 12 * HOURS + 1;
    await expect(outbox.send(job)).resolves.toMatchObject({ state: "sent", eventId: "$arrived" });
    expect(gate.puts).toHaveLength(1);
  });

  it("is looked for too where the clock was put back: nobody knows how long ago the request was", async () => {
    const { outbox, job, gate, at, timeline } = await halfSent();
    const { ciphertext } = JSON.parse(gate.puts[0]!.eventJson) as { ciphertext: string };
    timeline.push({ roomId: ROOM, ciphertext, eventId: "$arrived" });
    at.ms -= 1;
    await expect(outbox.send(job)).resolves.toMatchObject({ state: "sent", eventId: "$arrived" });
    expect(gate.puts).toHaveLength(1);
  });

  it("and is repeated where the room was looked through and it is not there", async () => {
    const { outbox, job, gate, at, timeline } = await halfSent();
    timeline.push({ roomId: ROOM, ciphertext: "AwgA of another", eventId: "$other" });
    at.ms += 12 * HOURS + 1;
    await expect(outbox.send(job)).resolves.toMatchObject({ state: "sent" });
    expect(gate.puts[1]).toEqual(gate.puts[0]);
  });

  it("and stays unknown where that cannot be seen, over restarts, and is never sent a second time", async () => {
    const { store, job, options, at } = await halfSent();
    store.close();
    at.ms += 30 * HOURS;
    const { outbox, gate, jobs, looking } = outboxOn(openTestStore(options), at);
    looking.outcome = throwing(new SottoError("SEND_UNCERTAIN", "not all of it can be seen"));
    for (const _try of [1, 2, 3]) await outbox.resume();
    expect(jobs.get(job.jobId)).toMatchObject({ state: "encrypted" });
    expect(gate.puts).toEqual([]);
    looking.outcome = undefined;
    await outbox.resume();
    expect(jobs.get(job.jobId)).toMatchObject({ state: "sent" });
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
    const job = await outbox.accept(ROOM, CONTENT);
    jobs.sent = throwing(new SottoError("DISK_FULL", "the disk is full"));
    await expect(outbox.send(job)).rejects.toBeInstanceOf(SottoError);
    jobs.sent = sent;
    expect(jobs.open()).toMatchObject([{ jobId: job.jobId, state: "encrypted" }]);
    await expect(outbox.send(job)).resolves.toMatchObject({ state: "sent" });
    expect(gate.puts[1]).toEqual(gate.puts[0]);
  });
});
