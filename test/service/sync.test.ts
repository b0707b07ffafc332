import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Crypto } from "../../src/crypto/index.ts";
import { SottoError, toSottoError } from "../../src/errors.ts";
import { type Logger, silentLogger } from "../../src/log.ts";
import { createTransport } from "../../src/matrix/index.ts";
import type { SyncBatch } from "../../src/model/sync.ts";
import { SyncDriver } from "../../src/service/sync.ts";
import type { Store } from "../../src/store/index.ts";
import { type Answer, type Seen, scriptedServer } from "../matrix/scripted-server.ts";
import { ALICE, event, MEGOLM, member, OWN, openTestStore, ROOM, state } from "../support/store.ts";

// The homeserver is scripted and the engine is a stub: what is looked at is when a request begins and who hears of it.
// That it is enough against a real homeserver is shown by test/e2e/live-end.test.ts.

interface Setup {
  driver: SyncDriver;
  store: Store;
  requests: Seen[];
  logged: unknown[][];
  /** What the engine is given; may fail. */
  received: SyncBatch[];
}

type Script = (seen: Seen, count: number) => Answer | Promise<Answer>;

async function setUp(
  script: Script,
  receive = (_batch: SyncBatch): void => undefined,
  check = async (): Promise<void> => undefined,
): Promise<Setup> {
  const server = await scriptedServer(script);
  const transport = createTransport({ homeserver: server.url, accessToken: "t", env: {}, retryForMs: 0 });
  const store = openTestStore();
  const logged: unknown[][] = [];
  const received: SyncBatch[] = [];
  const log = (...said: unknown[]) => void logged.push(said);
  const logger: Logger = { ...silentLogger, warn: log, error: log };
  const crypto = {
    encryptor: { mustShare: () => undefined },
    async receive(batch: SyncBatch) {
      received.push(batch);
      receive(batch);
      return { damaged: 0, clearKeys: 0 };
    },
    drain: async () => undefined,
    onRoomKeys: () => undefined,
    trackMembers: async () => undefined,
  } as unknown as Crypto;
  const watch = {
    syncTypes: ["store"],
    check,
    requireOwnToken: async () => undefined,
  };
  const driver = new SyncDriver({ transport, crypto, store, logger, userId: OWN, watch });
  onTestFinished(async () => {
    await driver.stop();
    transport.close();
    await server[Symbol.asyncDispose]();
  });
  return { driver, store, requests: server.requests, logged, received };
}

const answer = (nextBatch: string, more: object = {}): Answer => ({
  json: { next_batch: nextBatch, ...more },
});
const silence: Answer = () => undefined;
const isLong = ({ query }: Seen) => query.get("timeout") !== "0";
/** Long polls are never answered; every other request at once. */
const quiet: Script = (seen, count) => (isLong(seen) ? silence : answer(`s${count}`));
const inLongPoll = async ({ requests }: Setup) => {
  while (!requests.some(isLong)) await delay(5);
};
const codeOf = (thrown: unknown) => toSottoError(thrown).code;

describe("the live end under a running loop", () => {
  it("is reached only by a request that began after the question", async () => {
    const setup = await setUp(quiet);
    void setup.driver.run();
    await inLongPoll(setup);
    const before = setup.requests.length;
    await setup.driver.toLiveEnd();
    expect(setup.requests.slice(before).filter((seen) => !isLong(seen))).toHaveLength(1);
  });

  it("costs those who ask together one request, and the loop goes on after it", async () => {
    const setup = await setUp(quiet);
    void setup.driver.run();
    await inLongPoll(setup);
    const before = setup.requests.length;
    await Promise.all(Array.from({ length: 20 }, () => setup.driver.toLiveEnd()));
    await vi.waitFor(() => expect(setup.requests.slice(before).map(isLong)).toEqual([false, true]));
  });

  it("is not the answer to a request that was under way already", async () => {
    let release = (): void => undefined;
    const setup = await setUp((seen, count) => {
      if (count !== 3) return quiet(seen, count);
      return new Promise((resolve) => {
        release = () => resolve(answer("s3"));
      });
    });
    void setup.driver.run();
    await inLongPoll(setup);
    const first = setup.driver.toLiveEnd();
    while (setup.requests.length < 3) await delay(5);
    let second = false;
    const asked = setup.driver.toLiveEnd().then(() => {
      second = true;
    });
    release();
    await first;
    expect(second).toBe(false);
    await asked;
    expect(setup.requests.filter((seen) => !isLong(seen))).toHaveLength(3);
  });

  it("can be asked for by a listener, and listeners hear one batch after another", async () => {
    const setup = await setUp(quiet);
    const heard: string[] = [];
    setup.driver.onBatch(async ({ nextBatch }) => {
      heard.push(`begin ${nextBatch}`);
      if (heard.length < 6) await setup.driver.toLiveEnd();
      heard.push(`end ${nextBatch}`);
    });
    void setup.driver.run();
    while (heard.length < 6) await delay(5);
    const batches = heard.map((text) => text.split(" ")[1]);
    expect(heard.slice(0, 6).map((text) => text.split(" ")[0])).toEqual([
      "begin",
      "end",
      "begin",
      "end",
      "begin",
      "end",
    ]);
    expect(batches[0]).toBe(batches[1]);
    expect(batches[2]).toBe(batches[3]);
  });

  it("is asked for again while a full page of to-device messages says that more may wait", async () => {
    const page = { to_device: { events: Array.from({ length: 100 }, () => ({ type: "m.dummy" })) } };
    const setup = await setUp((seen, count) => (count === 3 ? answer("s3", page) : quiet(seen, count)));
    void setup.driver.run();
    await inLongPoll(setup);
    await setup.driver.toLiveEnd();
    expect(setup.requests.slice(2).map(isLong).slice(0, 2)).toEqual([false, false]);
  });

  it("cannot be reached in an outage, and the one who asks is told at once", async () => {
    let down = false;
    const setup = await setUp((seen, count) => (down ? { status: 500 } : quiet(seen, count)));
    void setup.driver.run();
    await inLongPoll(setup);
    down = true;
    await expect(setup.driver.toLiveEnd()).rejects.toMatchObject({ code: "HOMESERVER_ERROR" });
    await expect(setup.driver.toLiveEnd()).rejects.toMatchObject({ code: "HOMESERVER_ERROR" });
    down = false;
    await setup.driver.toLiveEnd();
  });
});

describe("the live end without a loop", () => {
  it("costs those who ask before it begins one request", async () => {
    const { driver, requests } = await setUp((_seen, count) => answer(`s${count}`));
    await Promise.all([driver.toLiveEnd(), driver.toLiveEnd(), driver.toLiveEnd()]);
    expect(requests.length).toBe(1);
    await driver.toLiveEnd();
    expect(requests.length).toBe(2);
  });

  it("can be asked for by a listener", async () => {
    const { driver, requests } = await setUp((_seen, count) => answer(`s${count}`));
    let again: Promise<void> | undefined;
    driver.onBatch(() => {
      again ??= driver.toLiveEnd();
      return again;
    });
    await driver.toLiveEnd();
    while (!again) await delay(5);
    await again;
    expect(requests.length).toBe(2);
  });
});

describe("the end of the loop", () => {
  it("by a rejected token is told to all who ask, before and after", async () => {
    let revoked = false;
    const rejected: Answer = { status: 401, json: { errcode: "M_UNKNOWN_TOKEN" } };
    const setup = await setUp((seen, count) => (revoked ? rejected : quiet(seen, count)));
    const ended = setup.driver.run().catch(codeOf);
    await inLongPoll(setup);
    revoked = true;
    await expect(setup.driver.toLiveEnd()).rejects.toMatchObject({ code: "TOKEN_REJECTED" });
    expect(await ended).toBe("TOKEN_REJECTED");
    const before = setup.requests.length;
    await expect(setup.driver.toLiveEnd()).rejects.toMatchObject({ code: "TOKEN_REJECTED" });
    expect(setup.requests.length).toBe(before);
  });

  it("by an engine that cannot take a batch is told, and the batch is not asked for again and again", async () => {
    const setup = await setUp(quiet, () => {
      throw new Error("the engine is damaged");
    });
    await expect(setup.driver.run()).rejects.toThrow("the engine is damaged");
    await expect(setup.driver.toLiveEnd()).rejects.toMatchObject({ code: "INTERNAL" });
    expect(setup.requests.length).toBe(1);
    expect(setup.store.syncToken()).toBeUndefined();
  });

  it.each([true, false])(
    "by stop rejects those who wait and those who come later (loop: %s)",
    async (loop) => {
      const setup = await setUp(() => silence);
      if (loop) void setup.driver.run();
      const waiting = setup.driver.toLiveEnd().catch((error: SottoError) => error);
      while (setup.requests.length === 0) await delay(5);
      await setup.driver.stop();
      expect(await waiting).toMatchObject({ code: "STOPPED", exitCode: 3 });
      await expect(setup.driver.toLiveEnd()).rejects.toMatchObject({ code: "STOPPED" });
    },
  );
});

it("asks for the account's own data from the moment that somebody wants it", async () => {
  const setup = await setUp(quiet);
  const limits = ({ query }: Seen) => Object.keys(JSON.parse(query.get("filter") ?? "").account_data);
  await setup.driver.toLiveEnd();
  setup.driver.wantAccountData();
  await setup.driver.toLiveEnd();
  void setup.driver.run();
  await inLongPoll(setup);
  expect(setup.requests.map(limits)).toEqual([["types"], [], [], []]);
});

describe("a timeline with a gap", () => {
  const encrypted = (eventId: string) =>
    event("m.room.encrypted", { session_id: "S", ciphertext: "AwgA" }, { event_id: eventId });
  const room = (timeline: object, events: object[] = []) => ({
    rooms: { join: { [ROOM]: { state: { events }, timeline } } },
  });
  const known = room({ events: [] }, [
    member(OWN, "join"),
    member(ALICE, "join"),
    state("m.room.encryption", { algorithm: MEGOLM }),
  ]);
  const gap = room({ limited: true, prev_batch: "p0", events: [encrypted("$9")] });
  const isHistory = ({ path }: Seen) => path.endsWith("/messages");

  /** The second sync has the gap; pages of history are answered by the script. */
  const withGap = (history: (page: number) => Answer, first: object = known) => {
    let pages = 0;
    let syncs = 0;
    return setUp((seen) => {
      if (isHistory(seen)) {
        pages += 1;
        return history(pages);
      }
      syncs += 1;
      return answer(`s${syncs}`, syncs === 1 ? first : gap);
    });
  };
  const inInbox = ({ store }: Setup) => [...store.inbox.waiting()].map(({ event: kept }) => kept.event_id);

  it("is filled from history, oldest first, before the token moves", async () => {
    const setup = await withGap((page) => {
      expect(setup.store.syncToken()).toBe("s1");
      const chunk = [encrypted(`$${9 - 2 * page}b`), encrypted(`$${9 - 2 * page}a`)];
      return { json: { chunk, ...(page < 3 ? { end: `p${page}` } : {}) } };
    });
    await setup.driver.toLiveEnd();
    await setup.driver.toLiveEnd();
    expect(inInbox(setup)).toEqual(["$3a", "$3b", "$5a", "$5b", "$7a", "$7b", "$9"]);
    expect(setup.store.syncToken()).toBe("s2");
    const [first, second] = setup.requests.filter(isHistory).map(({ query }) => Object.fromEntries(query));
    expect(first).toMatchObject({ dir: "b", from: "p0", to: "s1", limit: "100" });
    expect(JSON.parse(first?.filter ?? "")).toEqual({ types: ["m.room.encrypted"] });
    expect(second).toMatchObject({ from: "p1", to: "s1" });
  });

  it("that is too wide is told, and what was fetched is kept", async () => {
    const setup = await withGap((page) => ({ json: { chunk: [encrypted(`$h${page}`)], end: `p${page}` } }));
    await setup.driver.toLiveEnd();
    await setup.driver.toLiveEnd();
    expect(setup.requests.filter(isHistory)).toHaveLength(10);
    expect(inInbox(setup)).toHaveLength(11);
    expect(setup.logged).toContainEqual([
      expect.stringContaining("missing"),
      expect.objectContaining({ roomId: ROOM, fetched: 10 }),
    ]);
  });

  it("keeps the token where it is while the homeserver fails, but not for ever", async () => {
    const setup = await withGap(() => ({ status: 500 }));
    await setup.driver.toLiveEnd();
    for (let time = 1; time < 5; time += 1) {
      await expect(setup.driver.toLiveEnd()).rejects.toMatchObject({ code: "HOMESERVER_ERROR" });
      expect(setup.store.syncToken()).toBe("s1");
    }
    await setup.driver.toLiveEnd();
    expect(inInbox(setup)).toEqual(["$9"]);
    expect(setup.logged).toContainEqual([
      expect.stringContaining("missing"),
      expect.objectContaining({ roomId: ROOM, code: "HOMESERVER_ERROR" }),
    ]);
  });

  it("that the homeserver does not let us read is told", async () => {
    const setup = await withGap(() => ({ status: 403, json: { errcode: "M_FORBIDDEN" } }));
    await setup.driver.toLiveEnd();
    await setup.driver.toLiveEnd();
    expect(setup.logged).toHaveLength(1);
    expect(setup.store.syncToken()).not.toBe("s1");
  });

  it("is none in the first sync, nor in a room just joined, nor in a clear one", async () => {
    const onFirst = await setUp(() => answer("s1", gap));
    await onFirst.driver.toLiveEnd();
    const onJoin = await withGap(() => ({ status: 500 }), {});
    const onClear = await withGap(() => ({ status: 500 }), room({ events: [] }, [member(OWN, "join")]));
    for (const setup of [onJoin, onClear]) {
      await setup.driver.toLiveEnd();
      await setup.driver.toLiveEnd();
    }
    for (const { requests } of [onFirst, onJoin, onClear]) expect(requests.filter(isHistory)).toEqual([]);
  });

  it("leaves out, and tells of, an event above the spec's limit", async () => {
    const huge = event("m.room.encrypted", { session_id: "S", ciphertext: "A".repeat(70_000) });
    const setup = await setUp(() => answer("s1", room({ events: [huge] })));
    await setup.driver.toLiveEnd();
    expect(inInbox(setup)).toEqual([]);
    expect(setup.logged).toHaveLength(1);
  });
});

describe("what the store's watch says of an answer", () => {
  const once = (code: "HOMESERVER_ERROR" | "STORE_COPIED") => {
    let count = 0;
    return async () => {
      if (++count === 1) throw new SottoError(code, "at first");
    };
  };

  it("is waited for when the homeserver is in trouble: the same answer comes again", async () => {
    const setup = await setUp(quiet, undefined, once("HOMESERVER_ERROR"));
    const running = setup.driver.run();
    await inLongPoll(setup);
    expect(setup.received.length).toBeGreaterThan(0);
    await setup.driver.stop();
    await running;
  });

  it.each([true, false])(
    "ends everything when there is another copy, before a byte of it is used: %s",
    async (loop) => {
      const setup = await setUp(quiet, undefined, once("STORE_COPIED"));
      const asked = loop ? setup.driver.run() : setup.driver.toLiveEnd();
      await expect(asked).rejects.toMatchObject({ code: "STORE_COPIED" });
      expect(setup.received).toEqual([]);
      expect(setup.store.syncToken()).toBeUndefined();
    },
  );
});
