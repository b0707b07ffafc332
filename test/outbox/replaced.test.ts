import { describe, expect, it } from "vitest";
import { SottoError } from "../../src/errors.ts";
import { outboxOn, throwing } from "../support/faulty-ports.ts";
import { OTHER_ROOM, openTestStore, ROOM } from "../support/store.ts";

const REPLACED = new SottoError("ROOM_REPLACED", `${ROOM} was replaced by ${OTHER_ROOM}`);

/** What a connector brought, ready to be encrypted. */
const brought = (body: string) => ({
  roomId: ROOM,
  txnId: body,
  state: "uploaded" as const,
  contentJson: JSON.stringify({ body }),
  source: "mailbox",
});

describe("a room that was replaced", () => {
  it("keeps what a connector brought, and gives it to its successor in order", async () => {
    const { outbox, encryptor, gate, jobs } = outboxOn(openTestStore());
    encryptor.outcomes.push(throwing(REPLACED));
    await outbox.take([brought("first"), brought("second")], "origin");
    await outbox.settled();
    expect(jobs.open().map(({ roomId, state }) => [roomId, state])).toEqual([
      [ROOM, "uploaded"],
      [ROOM, "uploaded"],
    ]);
    expect(await outbox.move(ROOM, OTHER_ROOM)).toBe(2);
    await outbox.settled();
    expect(gate.puts.map(({ roomId, txnId }) => [roomId, txnId])).toEqual([
      [OTHER_ROOM, "first"],
      [OTHER_ROOM, "second"],
    ]);
  });

  it("keeps what may have reached it", async () => {
    const { outbox, gate, jobs, at } = outboxOn(openTestStore());
    gate.outcomes.push(throwing(new SottoError("SEND_UNCERTAIN", "no answer")));
    await outbox.take([brought("first")], "origin");
    await outbox.settled();
    expect(jobs.open()).toMatchObject([{ state: "encrypted" }]);
    expect(await outbox.move(ROOM, OTHER_ROOM)).toBe(0);
    at.ms += 60_000;
    await outbox.resume();
    expect(gate.puts.map(({ roomId }) => roomId)).toEqual([ROOM, ROOM]);
  });

  it("refuses whoever waits for the answer", async () => {
    const { outbox, encryptor, jobs } = outboxOn(openTestStore());
    encryptor.outcomes.push(throwing(REPLACED));
    const job = await outbox.accept(ROOM, { body: "own" });
    await expect(outbox.send(job)).rejects.toMatchObject({ code: "ROOM_REPLACED" });
    expect(jobs.get(job.jobId)).toMatchObject({ state: "failed" });
    // and what nobody waits for any more, and no connector has brought
    encryptor.outcomes.push(throwing(REPLACED));
    const left = await outbox.accept(ROOM, { body: "left" });
    await expect(outbox.send(left, () => false)).rejects.toMatchObject({ code: "ROOM_REPLACED" });
    expect(jobs.get(left.jobId)).toMatchObject({ state: "failed" });
  });
});
