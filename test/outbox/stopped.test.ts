import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { type ErrorCode, SottoError } from "../../src/errors.ts";
import { outboxOn, throwing } from "../support/faulty-ports.ts";
import { OTHER_ROOM, openTestStore, ROOM } from "../support/store.ts";

// Nothing goes into a room that is stopped; what is to go there waits, in its order, until it is lifted.

const brought = (txnId: string, roomId = ROOM) => ({
  ...{ roomId, txnId, state: "uploaded" as const, source: "mailbox" },
  contentJson: JSON.stringify({ body: txnId }),
});

describe.each<ErrorCode>(["ROOM_EVACUATED", "ROOM_BELOW_POLICY"])("under %s", (code) => {
  const error = new SottoError(code, "nothing goes into the room");
  const stop = (...through: string[]) => ({ error, through: new Set(through) });

  it("what was brought waits in its order, goes on when it is lifted, and keeps no other room", async () => {
    const { outbox, stops, gate, encryptor, unsent } = outboxOn(openTestStore());
    stops.set(ROOM, stop());
    await outbox.take([brought("first"), brought("second"), brought("elsewhere", OTHER_ROOM)], "origin");
    await outbox.settled();
    await outbox.resume();
    expect(gate.puts.map(({ txnId }) => txnId)).toEqual(["elsewhere"]);
    expect(encryptor.encrypted).toHaveLength(1);
    expect(unsent).toContain(error);
    // no clock looks at it
    expect(outbox.nextDueMs()).toBeUndefined();
    stops.delete(ROOM);
    await outbox.resumeDue([ROOM]);
    expect(gate.puts.map(({ txnId }) => txnId)).toEqual(["elsewhere", "first", "second"]);
  });

  it("whoever waits for the answer is refused at once, and the message is given up", async () => {
    const { outbox, stops, gate, jobs } = outboxOn(openTestStore());
    stops.set(ROOM, stop());
    const job = await outbox.accept(ROOM, { body: "Doorbell" });
    await expect(outbox.send(job)).rejects.toBe(error);
    expect(jobs.get(job.jobId)).toMatchObject({ state: "failed", errorCode: code });
    // one whose sender has gone was told to nobody: it stays
    const left = await outbox.accept(ROOM, { body: "left" });
    await expect(outbox.send(left, () => false)).rejects.toBe(error);
    expect(jobs.get(left.jobId)).toMatchObject({ state: "uploaded" });
    expect(gate.puts).toEqual([]);
  });

  it("one that is stopped while its recording is uploaded is not encrypted", async () => {
    const { outbox, stops, contentRepository, encryptor, jobs } = outboxOn(openTestStore());
    contentRepository.outcomes.push(() => {
      stops.set(ROOM, stop());
      return "mxc://example.org/there";
    });
    const spooled = await outbox.spool(Readable.from([Buffer.from("ciphertext")]));
    const job = await outbox.accept(ROOM, { body: "voice", file: { v: "v2" } }, spooled);
    await expect(outbox.send(job, () => false)).rejects.toBe(error);
    expect(encryptor.encrypted).toEqual([]);
    expect(jobs.get(job.jobId)).toMatchObject({ state: "uploaded", mxcUri: "mxc://example.org/there" });
    expect(outbox.nextDueMs()).toBeUndefined();
  });

  it("one that is stopped while it is encrypted does not leave, and is encrypted anew later", async () => {
    const { outbox, stops, gate, encryptor, jobs } = outboxOn(openTestStore());
    encryptor.outcomes.push(() => void stops.set(ROOM, stop()));
    const [job] = await outbox.take([brought("first")], "origin");
    await outbox.settled();
    expect(jobs.get(job!.jobId)).toMatchObject({ state: "uploaded", eventJson: undefined });
    stops.delete(ROOM);
    await outbox.resumeDue([ROOM]);
    expect(encryptor.encrypted).toHaveLength(2);
    expect(gate.puts).toHaveLength(1);
  });

  it("one that may have arrived is not repeated before it is lifted, and then byte for byte", async () => {
    const { outbox, stops, gate, jobs } = outboxOn(openTestStore());
    gate.outcomes.push(() => {
      stops.set(ROOM, stop());
      throw new SottoError("SEND_UNCERTAIN", "no answer");
    });
    const [job] = await outbox.take([brought("first"), brought("second")], "origin");
    await outbox.settled();
    await outbox.resume();
    expect(gate.puts).toHaveLength(1);
    expect(jobs.get(job!.jobId)?.state).toBe("encrypted");
    expect(outbox.nextDueMs()).toBeUndefined();
    stops.delete(ROOM);
    await outbox.resumeDue([ROOM]);
    expect(gate.puts.map(({ txnId }) => txnId)).toEqual(["first", "first", "second"]);
    expect(gate.puts[1]).toEqual(gate.puts[0]);
  });

  it("only what is let through goes, before all that waits, and is given up where it fails", async () => {
    const { outbox, stops, gate, jobs } = outboxOn(openTestStore());
    stops.set(ROOM, stop());
    await outbox.take([brought("first")], "origin");
    const notice = await outbox.accept(ROOM, { body: "go elsewhere" });
    stops.set(ROOM, stop(notice.txnId));
    await outbox.send(notice);
    expect(gate.puts.map(({ txnId }) => txnId)).toEqual([notice.txnId]);
    const second = await outbox.accept(ROOM, { body: "go elsewhere" });
    stops.set(ROOM, stop(second.txnId));
    gate.outcomes.push(throwing(new SottoError("HOMESERVER_UNREACHABLE", "it is away")));
    await expect(outbox.send(second)).rejects.toMatchObject({ code: "HOMESERVER_UNREACHABLE" });
    await outbox.resume();
    // the first try had an event ready: whether it left is for the gate to say, and it said no
    expect(gate.puts.map(({ txnId }) => txnId)).toEqual([notice.txnId, second.txnId]);
    expect(jobs.get(second.jobId)).toMatchObject({ state: "failed" });
    expect(jobs.open().map(({ txnId }) => txnId)).toEqual(["first"]);
  });
});
