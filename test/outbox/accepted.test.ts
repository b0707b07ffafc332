import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { SottoError } from "../../src/errors.ts";
import { outboxOn, throwing } from "../support/faulty-ports.ts";
import { openTestStore, ROOM, storeOptions } from "../support/store.ts";

// What a connector brought: nobody waits for it, and the recording lies sealed until it is encoded.

const SOUND = randomBytes(100_000);

async function house(options = storeOptions()) {
  const store = openTestStore(options);
  const all = outboxOn(store);
  const bring = async (name: string, more: { announced?: boolean; priority?: "high" | "low" } = {}) => {
    const { announced, priority } = more;
    async function* sound(): AsyncGenerator<Uint8Array> {
      yield SOUND;
    }
    const recordingId = await store.recordings.write(sound());
    const common = { roomId: ROOM, source: "mailbox", ...(priority && { priority }) };
    const voice = {
      ...common,
      txnId: name,
      recordingId,
      state: "accepted" as const,
      contentJson: `{"body":"${name}"}`,
    };
    const notice = {
      ...{ ...common, txnId: `notice of ${name}`, announces: name, state: "uploaded" as const },
      contentJson: `{"body":"notice of ${name}"}`,
    };
    await all.outbox.take(announced ? [notice, voice] : [voice], name);
    return store.jobs.withTxnId(name)!.jobId;
  };
  const sent = () => all.encryptor.encrypted.map(({ content }) => content.body);
  const recordings = () => readdirSync(join(dirname(options.path), "spool"));
  return { ...all, store, options, bring, sent, recordings };
}

describe("a recording that was taken", () => {
  it("is sent without being asked for, in order, and nothing of it is left", async () => {
    const { bring, outbox, sent, contentRepository, recordings } = await house();
    await bring("one");
    await bring("two");
    await outbox.settled();
    expect(sent()).toEqual(["one", "two"]);
    expect(contentRepository.uploads).toEqual([SOUND, SOUND]);
    expect(recordings()).toEqual([]);
  });

  it("waits for the homeserver over a restart, and is encoded only once", async () => {
    const first = await house();
    first.contentRepository.outcomes.push(throwing(new SottoError("HOMESERVER_UNREACHABLE", "refused")));
    const job = await first.bring("one");
    await first.outbox.settled();
    expect(first.jobs.get(job)).toMatchObject({ state: "encoded" });
    expect(first.recordings()).toEqual([]);
    first.store.close();
    const next = await house(first.options);
    await next.outbox.resume();
    expect(next.jobs.get(job)).toMatchObject({ state: "sent" });
    expect(next.contentRepository.uploads).toEqual([SOUND]);
  });

  it("that cannot be encoded is given up and kept, keeps nobody, and can be tried again", async () => {
    const { bring, outbox, jobs, preparing, recordings, sent, unsent } = await house();
    preparing.push(throwing(new SottoError("AUDIO_NOT_AUDIO", "no sound in it")));
    const [bad] = [await bring("bad"), await bring("good")];
    await outbox.settled();
    expect(jobs.get(bad)).toMatchObject({ state: "failed", errorCode: "AUDIO_NOT_AUDIO" });
    expect(unsent).toMatchObject([{ code: "AUDIO_NOT_AUDIO" }]);
    expect([sent(), recordings().length]).toEqual([["good"], 1]);
    await outbox.retry(bad);
    await outbox.settled();
    expect([sent(), recordings()]).toEqual([["good", "bad"], []]);
    await expect(outbox.retry(bad)).rejects.toMatchObject({ code: "USAGE" });
  });

  it.each([
    "FFMPEG_MISSING",
    "TOKEN_REJECTED", // the homeserver's limit for uploads is asked for first
    "SANDBOX_MISSING",
  ] as const)("that waits for a person or for what may pass holds those behind it: %s", async (code) => {
    const { bring, outbox, jobs, preparing } = await house();
    preparing.push(throwing(new SottoError(code, "not now")));
    await bring("one");
    await bring("two");
    await outbox.settled();
    expect(jobs.open().map(({ state }) => state)).toEqual(["accepted", "accepted"]);
    await outbox.resume();
    expect(jobs.open()).toEqual([]);
  });

  it("goes with everything when it is dropped", async () => {
    const { bring, outbox, jobs, preparing, recordings } = await house();
    preparing.push(throwing(new SottoError("AUDIO_NOT_AUDIO", "no sound in it")));
    const job = await bring("bad");
    await outbox.settled();
    await outbox.drop(job);
    expect([jobs.get(job), recordings()]).toEqual([undefined, []]);
  });
});

describe("an announcement", () => {
  it("comes before its voice message, and only when that can be sent", async () => {
    const { bring, outbox, jobs, preparing, sent } = await house();
    preparing.push(() => undefined, throwing(new SottoError("AUDIO_NOT_AUDIO", "no sound in it")));
    await bring("good", { announced: true });
    await bring("bad", { announced: true });
    await outbox.settled();
    expect(sent()).toEqual(["notice of good", "good"]);
    expect(jobs.unsent()).toMatchObject([
      { txnId: "notice of bad", state: "failed", errorCode: "AUDIO_NOT_AUDIO" },
      { txnId: "bad", state: "failed", errorCode: "AUDIO_NOT_AUDIO" },
    ]);
  });

  describe("of a voice message that was given up", () => {
    const givenUp = async () => {
      const all = await house();
      all.preparing.push(throwing(new SottoError("AUDIO_NOT_AUDIO", "no sound in it")));
      const voice = await all.bring("bell", { announced: true });
      await all.outbox.settled();
      return { ...all, voice, notice: all.jobs.withTxnId("notice of bell")!.jobId };
    };

    it.each(["voice", "notice"] as const)(
      "goes before it when a person tries the %s again",
      async (which) => {
        const { outbox, sent, jobs, recordings, [which]: job } = await givenUp();
        await outbox.send(await outbox.retry(job));
        await outbox.settled();
        expect(sent()).toEqual(["notice of bell", "bell"]);
        expect([jobs.unsent(), recordings()]).toEqual([[], []]);
      },
    );

    it("waits with it when it fails again, and whoever waits for either is told", async () => {
      const { outbox, sent, jobs, preparing, notice } = await givenUp();
      preparing.push(throwing(new SottoError("FFMPEG_FAILED", "still none")));
      await expect(outbox.send(await outbox.retry(notice))).rejects.toMatchObject({ code: "FFMPEG_FAILED" });
      expect(jobs.unsent().map(({ state }) => state)).toEqual(["failed", "failed"]);
      expect(sent()).toEqual([]);
    });

    it("is not sent a second time", async () => {
      const { bring, outbox, contentRepository, jobs, sent } = await house();
      contentRepository.outcomes.push(throwing(new SottoError("ROOM_FORBIDDEN", "no uploads")));
      const voice = await bring("bell", { announced: true });
      await outbox.settled();
      expect(jobs.get(voice)).toMatchObject({ state: "failed" });
      await outbox.send(await outbox.retry(voice));
      expect(sent()).toEqual(["notice of bell", "bell"]);
    });

    it("goes when a person drops it", async () => {
      const { outbox, jobs, voice } = await givenUp();
      await outbox.drop(voice);
      expect(jobs.unsent()).toEqual([]);
    });
  });
});

describe("a message that somebody waits for", () => {
  it("is told at once what holds those before it, and is given up with that", async () => {
    const { bring, outbox, contentRepository, jobs } = await house();
    const away = () =>
      contentRepository.outcomes.push(throwing(new SottoError("HOMESERVER_UNREACHABLE", "refused")));
    away();
    await bring("one");
    await outbox.settled();
    const job = await outbox.accept(ROOM, { body: "mine" });
    away();
    await expect(outbox.send(job)).rejects.toMatchObject({ code: "HOMESERVER_UNREACHABLE" });
    expect(jobs.get(job.jobId)).toMatchObject({ state: "failed" });
    await outbox.resume();
    expect(jobs.open()).toEqual([]);
  });

  it("is not told of an unknown outcome that is another message's", async () => {
    const { bring, outbox, gate } = await house();
    const uncertain = throwing(new SottoError("SEND_UNCERTAIN", "no answer"));
    gate.outcomes.push(uncertain);
    await bring("one");
    await outbox.settled();
    gate.outcomes.push(uncertain);
    const job = await outbox.accept(ROOM, { body: "mine" });
    await expect(outbox.send(job)).rejects.toMatchObject({ code: "HOMESERVER_UNREACHABLE" });
  });
});

describe("closing", () => {
  it("begins no further message, and the next process goes on", async () => {
    const first = await house();
    const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()];
    first.gate.outcomes.push(() => {
      asked.resolve();
      return answer.promise;
    });
    await first.bring("one");
    await first.bring("two");
    await asked.promise;
    first.outbox.quit();
    const closed = first.outbox.settled();
    answer.resolve("$one");
    await closed;
    expect(first.sent()).toEqual(["one"]);
    first.store.close();
    const next = await house(first.options);
    await next.outbox.resume();
    expect(next.sent()).toEqual(["two"]);
  });
});
