import { describe, expect, it } from "vitest";
import type { Job } from "../../src/model/job.ts";
import type { NewJob, OutboxStore, SpoolStore } from "../../src/model/outbox-store.ts";

/** One store of an engine, and a way to see it as the next process would. */
export interface OutboxStoreBench {
  open(): Promise<{ jobs: OutboxStore; spool: SpoolStore }>;
}

const ROOM = "!contract";
const FROZEN = {
  eventJson: '{"b":1,  "a":"\u00e9"}',
  sessionId: "session",
  messageIndex: 3,
  firstPutMs: 2_000,
};

let born = 0;
const message = (more: Partial<NewJob> = {}): NewJob => {
  born += 1;
  const common = { txnId: `txn${born}`, roomId: ROOM, contentJson: `{"message":${born}}`, createdMs: 1_000 };
  return { ...common, state: "uploaded", ...more };
};

/**
 * What the outbox relies on, for any engine that keeps its messages. Each promise is looked at through a store that was
 * opened anew: what was answered is durable.
 */
export function outboxStoreContract(engine: string, newBench: () => OutboxStoreBench): void {
  describe(`the outbox on ${engine}`, () => {
    async function store() {
      const bench = newBench();
      const { jobs, spool } = await bench.open();
      const add = async (...news: NewJob[]) => (await jobs.insert(news)) as [Job, ...Job[]];
      /** In order, until none is left; each is sent as it comes. */
      const turns = async () => {
        const order: number[] = [];
        for (let next = await jobs.next(ROOM, []); next !== undefined; next = await jobs.next(ROOM, [])) {
          order.push(next);
          await jobs.sent(next, `$${next}`, 5_000);
        }
        return order;
      };
      return { bench, jobs, spool, add, turns };
    }

    it("keeps a message as it was given, through every state", async () => {
      const { bench, add, jobs, spool } = await store();
      const given = message({
        state: "accepted",
        source: "mailbox",
        recordingId: "ab12",
        announces: "voice",
      });
      const [accepted] = await add(given);
      expect(accepted).toMatchObject(given);
      await spool.append(accepted.txnId, Buffer.from("one"));
      await spool.append(accepted.txnId, Buffer.from("two"));
      const encoded = await jobs.encoded(accepted, '{"encoded":true}');
      expect(encoded).toMatchObject({
        state: "encoded",
        contentJson: '{"encoded":true}',
        recordingId: undefined,
      });
      expect(await spool.size(encoded.txnId)).toBe(6);
      expect(Buffer.concat(await Array.fromAsync(spool.pieces(encoded.txnId))).toString()).toBe("onetwo");
      const uploaded = await jobs.uploaded(encoded, "mxc://example.org/a", '{"placed":true}');
      expect(await spool.size(encoded.txnId)).toBe(0);
      const frozen = await jobs.freeze(uploaded, FROZEN);
      expect(frozen).toMatchObject({ state: "encrypted", mxcUri: "mxc://example.org/a", ...FROZEN });
      expect(await jobs.get(frozen.jobId)).toEqual(frozen);
      expect(await jobs.withTxnId(given.txnId)).toEqual(frozen);
      await jobs.sent(frozen.jobId, "$event", 3_000);
      const again = await bench.open();
      expect(await again.jobs.get(frozen.jobId)).toMatchObject({
        ...{ state: "sent", eventId: "$event", contentJson: undefined, eventJson: undefined },
      });
    });

    it("takes several messages together or none of them, and an origin once", async () => {
      const { jobs } = await store();
      const [one, two] = [message(), message()];
      const taken = await jobs.insert([one, two], "origin", "digest");
      expect(await jobs.jobsOf("origin")).toEqual(taken.map(({ jobId }) => jobId));
      expect(await jobs.jobsOf("another")).toBeUndefined();
      await jobs.insert([message()], "without");
      const digests = ["origin", "without", "another"].map((origin) => jobs.digestOf(origin));
      expect(await Promise.all(digests)).toEqual(["digest", undefined, undefined]);
      const third = message();
      await expect((async () => jobs.insert([third], "origin"))()).rejects.toThrow();
      await expect((async () => jobs.insert([third, { ...one }]))()).rejects.toThrow();
      expect(await jobs.withTxnId(third.txnId)).toBeUndefined();
    });

    it("gives a room's messages by priority, then as they came, and first of all one that is frozen", async () => {
      const { add, jobs, turns } = await store();
      const [low, first, second, high, frozen] = await add(
        ...[
          message({ priority: "low" }),
          message(),
          message(),
          message({ priority: "high" }),
          message({ priority: "low" }),
        ],
      );
      await add(message({ roomId: "!elsewhere" }));
      await jobs.freeze(frozen!, FROZEN);
      expect(await jobs.next(ROOM, [frozen!.jobId, high!.jobId])).toBe(first!.jobId);
      expect(await turns()).toEqual([frozen, high, first, second, low].map((job) => job!.jobId));
    });

    it("takes what one recording became in one step, and nothing of the room comes between its parts", async () => {
      const { add, jobs, spool, turns } = await store();
      const voice = message({ state: "accepted", recordingId: "sealed", source: "bell", onMissed: "resend" });
      const [notice, first, other, high] = await add(
        ...[message({ announces: voice.txnId }), voice, message(), message({ priority: "high" })],
      );
      const further = ["two", "three"].map((part) => ({
        txnId: part,
        contentJson: JSON.stringify({ part }),
      }));
      await expect(
        (async () => jobs.encoded(first!, "{}", [...further, { txnId: other!.txnId, contentJson: "{}" }]))(),
      ).rejects.toThrow();
      expect(await jobs.get(first!.jobId)).toEqual(first);
      expect(await jobs.withTxnId("two")).toBeUndefined();
      for (const { txnId } of further) await spool.append(txnId, Buffer.from("ciphertext"));
      await jobs.encoded(first!, JSON.stringify({ part: "one" }), further);
      const [two, three] = [await jobs.withTxnId("two"), await jobs.withTxnId("three")];
      for (const part of [two, three])
        expect(part).toMatchObject({ state: "encoded", roomId: ROOM, source: "bell", onMissed: "resend" });
      expect(JSON.parse(three!.contentJson!)).toEqual({ part: "three" });
      expect(await spool.size("three")).toBe(10);
      expect(await turns()).toEqual([notice, first, two, three, high, other].map((job) => job!.jobId));
    });

    it("names the rooms in which something waits, and no other", async () => {
      const { add, jobs } = await store();
      const [waits, sent, failed] = await add(
        ...[
          message({ roomId: "!a" }),
          message({ roomId: "!b" }),
          message({ roomId: "!c" }),
          message({ roomId: "!a" }),
        ],
      );
      await jobs.sent(sent!.jobId, "$b", 2_000);
      await jobs.failed(failed!, { code: "ROOM_FORBIDDEN", message: "no" }, 2_000);
      expect(await jobs.roomsWaiting()).toEqual(["!a"]);
      await jobs.remove(waits);
      expect(await jobs.roomsWaiting()).toEqual(["!a"]);
    });

    it("keeps what a connector brought when it is given up, and brings it back to where it was", async () => {
      const { add, jobs, spool } = await store();
      const [brought, own] = await add(
        message({ state: "encoded", source: "mailbox" }),
        message({ state: "encoded" }),
      );
      for (const job of [brought, own!]) {
        await spool.append(job.txnId, Buffer.from("ciphertext"));
        await jobs.failed(job, { code: "ROOM_FORBIDDEN", message: "no" }, 2_000);
        expect(await jobs.get(job.jobId)).toMatchObject({
          state: "failed",
          errorCode: "ROOM_FORBIDDEN",
          errorMessage: "no",
        });
      }
      expect(await jobs.retry(brought)).toEqual(brought);
      expect(await spool.size(brought.txnId)).toBe(10);
      // its sender was told, and has the recording
      expect(await jobs.retry(own!)).toBeUndefined();
      expect(await spool.size(own!.txnId)).toBe(0);
    });

    it("tries a voice message again together with what announces it, and removes them together", async () => {
      const { add, jobs } = await store();
      const voice = message({ state: "accepted", source: "mailbox", recordingId: "ab34" });
      const announces = { source: "mailbox", announces: voice.txnId };
      const [notice, sent, announced, other] = (await add(
        ...[message(announces), message(announces), voice, message({ source: "mailbox" })],
      )) as [Job, Job, Job, Job];
      const states = async () =>
        Promise.all(
          [notice, sent, announced, other].map(async ({ jobId }) => (await jobs.get(jobId))?.state),
        );
      await jobs.sent(sent.jobId, "$sent", 2_000);
      for (const tried of [announced, notice]) {
        for (const job of [notice, announced, other])
          await jobs.failed(job, { code: "AUDIO_NOT_AUDIO", message: "no" }, 2_000);
        expect(await jobs.retry(tried)).toEqual(tried);
        expect(await states()).toEqual(["uploaded", "sent", "accepted", "failed"]);
      }
      await jobs.failed(notice, { code: "AUDIO_NOT_AUDIO", message: "no" }, 2_000);
      await jobs.remove(announced);
      expect(await states()).toEqual([undefined, "sent", undefined, "failed"]);
    });

    it("knows which recordings are still needed, also by what was given up", async () => {
      const { add, jobs } = await store();
      const accepted = () => message({ state: "accepted", source: "mailbox", recordingId: "cd34" });
      const [one, two] = await add(accepted(), accepted());
      await jobs.encoded(one, "{}");
      await jobs.failed(two!, { code: "AUDIO_NOT_AUDIO", message: "no" }, 2_000);
      expect(await jobs.needsRecording("cd34")).toBe(true);
      await jobs.remove(two!);
      expect(await jobs.needsRecording("cd34")).toBe(false);
    });

    it("moves what waits to another room, in its order, and nothing that may have been sent or is waited for", async () => {
      const { bench, add, jobs } = await store();
      const brought = (more: Partial<NewJob> = {}) => message({ source: "mailbox", ...more });
      const [first, frozen, sent, second, own, failed] = await add(
        ...[brought({ state: "accepted", recordingId: "ef56" }), brought(), brought()],
        ...[brought({ state: "encoded" }), message(), brought()],
      );
      await jobs.freeze(frozen!, FROZEN);
      await jobs.sent(sent!.jobId, "$sent", 2_000);
      await jobs.failed(failed!, { code: "ROOM_FORBIDDEN", message: "no" }, 2_000);
      expect(await jobs.move(ROOM, "!successor")).toBe(2);
      const again = await bench.open();
      const roomOf = async (job: Job | undefined) => (await again.jobs.get(job!.jobId))?.roomId;
      expect(await Promise.all([first, second].map(roomOf))).toEqual(["!successor", "!successor"]);
      expect(await Promise.all([frozen, sent, own, failed].map(roomOf))).toEqual([ROOM, ROOM, ROOM, ROOM]);
      expect(await again.jobs.next("!successor", [])).toBe(first!.jobId);
      expect(await again.jobs.move(ROOM, "!successor")).toBe(0);
    });

    it("removes a message with its attachment, and never gives its number again", async () => {
      const { add, jobs, spool } = await store();
      const [job] = await add(message({ state: "encoded" }));
      await spool.append(job.txnId, Buffer.from("ciphertext"));
      await jobs.remove(job);
      expect([await jobs.get(job.jobId), await spool.size(job.txnId)]).toEqual([undefined, 0]);
      const [next] = await add(message());
      expect(next.jobId).toBeGreaterThan(job.jobId);
    });
  });
}
