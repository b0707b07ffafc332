import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { type ErrorCode, SottoError } from "../../src/errors.ts";
import { outboxOn, throwing } from "../support/faulty-ports.ts";
import { openTestStore, ROOM, storeOptions } from "../support/store.ts";

// What stands in the way of everything, and what stands in the way of one message only.

const CONTENT = { body: "Doorbell" };
const diskFull = throwing(new SottoError("DISK_FULL", "the disk is full"));

async function house(options = storeOptions()) {
  const store = openTestStore(options);
  const all = outboxOn(store);
  const take = async (name: string, roomId = ROOM) => {
    const recordingId = await store.recordings.write(sound());
    const common = { source: "mailbox", roomId };
    const notice = {
      ...{ ...common, txnId: `notice of ${name}`, announces: name, state: "uploaded" as const },
      contentJson: '{"body":"notice"}',
    };
    const voice = {
      ...{ ...common, txnId: name, recordingId, state: "accepted" as const },
      contentJson: "{}",
    };
    await all.outbox.take([notice, voice], name);
  };
  return { ...all, store, options, take };
}

async function* sound(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("sound");
}

describe("a recording whose turn comes under trouble that is not its own", () => {
  it.each<ErrorCode>([
    ...(["TOKEN_REJECTED", "SANDBOX_MISSING", "FFMPEG_MISSING", "HOMESERVER_UNREACHABLE"] as const),
    ...(["STORE_UNUSABLE", "STOPPED"] as const),
  ])("waits under %s, and is sent when that is over", async (code) => {
    const { outbox, take, preparing, jobs } = await house();
    preparing.push(throwing(new SottoError(code, "for all the same")));
    await take("one");
    await take("two");
    await outbox.settled();
    expect(jobs.unsent().map(({ state }) => state)).not.toContain("failed");
    await outbox.resume();
    expect(jobs.unsent()).toEqual([]);
  });

  it.each<ErrorCode>(["FFMPEG_FAILED", "AUDIO_TOO_LARGE", "INTERNAL", "STORE_DAMAGED"])(
    "is given up under %s, which is its own, and keeps nobody",
    async (code) => {
      const { outbox, take, preparing, jobs } = await house();
      preparing.push(throwing(new SottoError(code, "of this one")));
      await take("one");
      await take("two");
      await outbox.settled();
      expect(jobs.unsent()).toMatchObject([
        { txnId: "notice of one", state: "failed", errorCode: code },
        { txnId: "one", state: "failed", errorCode: code },
      ]);
    },
  );
});

describe("a full disk", () => {
  it("that keeps the store from noting that messages are given up: their senders hear that they are not", async () => {
    const { outbox, encryptor, jobs } = await house();
    const { failed } = jobs;
    const [one, two] = [await outbox.accept(ROOM, CONTENT), await outbox.accept(ROOM, CONTENT)];
    jobs.failed = diskFull;
    encryptor.outcomes.push(throwing(new SottoError("HOMESERVER_UNREACHABLE", "refused")));
    const told = await Promise.allSettled([outbox.send(one), outbox.send(two)]);
    expect(told).toMatchObject([
      { status: "rejected", reason: { code: "SEND_UNCERTAIN" } },
      { status: "rejected", reason: { code: "SEND_UNCERTAIN" } },
    ]);
    await outbox.settled();
    jobs.failed = failed;
    await outbox.resume();
    expect(jobs.open()).toEqual([]);
  });
});

describe("a row that is damaged", () => {
  it("keeps nobody else, also where another message announces it", async () => {
    const first = await house();
    first.encryptor.outcomes.push(throwing(new SottoError("HOMESERVER_UNREACHABLE", "refused")));
    await first.take("bad");
    await first.take("good");
    await first.outbox.settled();
    first.store.close();
    const database = new DatabaseSync(first.options.path);
    database.exec("UPDATE job SET sealed_content = x'00' WHERE txn_id = 'bad'");
    database.close();
    const next = await house(first.options);
    await next.outbox.resume();
    expect(next.jobs.withTxnId("good")).toMatchObject({ state: "sent" });
    expect(next.unsent).not.toEqual([]);
  });
});

it("a long queue is worked off by one loop, however often it is woken", async () => {
  const { outbox, gate, store } = await house();
  let turns = 0;
  const { next } = store.jobs;
  store.jobs.next = (...args) => {
    turns += 1;
    return next(...args);
  };
  for (let job = 0; job < 20; job += 1) await outbox.accept(ROOM, CONTENT);
  gate.onPut = () => void outbox.resumeDue();
  await outbox.resume();
  await outbox.settled();
  expect(turns).toBeLessThanOrEqual(22); // each message, and two looks that find nothing
});
