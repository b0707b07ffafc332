import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { SottoError } from "../../src/errors.ts";
import type { Answer, Seen } from "../matrix/scripted-server.ts";
import { answer, codeOf, inLongPoll, isLong, quiet, setUp, silence } from "../support/sync-driver.ts";

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

it("tells that the homeserver is back with the first answer after a failure, before the batch, and not again", async () => {
  const setup = await setUp((seen, count) =>
    count === 2 ? { status: 502, json: {} } : count < 5 ? answer(`s${count}`) : quiet(seen, count),
  );
  const heard: string[] = [];
  setup.driver.onReturn(() => void heard.push("back"));
  setup.driver.onBatch(({ nextBatch }) => void heard.push(nextBatch));
  void setup.driver.run();
  await vi.waitFor(() => expect(heard).toEqual(["s1", "back", "s3", "s4"]), { timeout: 10_000 });
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
