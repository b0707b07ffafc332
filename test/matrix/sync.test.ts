import { describe, expect, test } from "vitest";
import { SottoError } from "../../src/errors.ts";
import { createTransport, syncBatches, syncOnce, type Transport } from "../../src/matrix/index.ts";
import type { SyncBatch } from "../../src/model/sync.ts";
import { type Answer, fakeTiming, type Seen, scriptedServer } from "./scripted-server.ts";

async function withServer(
  script: Answer[] | ((seen: Seen, count: number) => Answer),
  use: (transport: ReturnType<typeof createTransport>) => Promise<void>,
): Promise<Seen[]> {
  await using server = await scriptedServer(script);
  const transport = createTransport({ homeserver: server.url, env: {}, timing: fakeTiming(), retryForMs: 0 });
  await use(transport).finally(() => transport.close());
  return server.requests;
}

const event = (type: string, more = {}) => ({
  type,
  event_id: `$${type}`,
  sender: "@a:b",
  origin_server_ts: 1,
  content: {},
  ...more,
});
const batch = (next_batch: string, more = {}): Answer => ({ json: { next_batch, ...more } });

describe("one sync", () => {
  test("asks for what Sotto needs and nothing that it does not", async () => {
    const requests = await withServer([batch("s1"), batch("s2")], async (transport) => {
      await syncOnce(transport, { since: undefined, timeoutMs: 0 });
      await syncOnce(transport, { since: "s1", timeoutMs: 30_000, withAccountData: true });
    });
    const [first, second] = requests.map((seen) => seen.query);
    expect([first?.get("since"), first?.get("timeout")]).toEqual([null, "0"]);
    expect([second?.get("since"), second?.get("timeout")]).toEqual(["s1", "30000"]);
    const filter = JSON.parse(first?.get("filter") ?? "");
    expect(filter.room.state.lazy_load_members).toBe(false);
    expect(filter.room.state.types).toContain("m.room.encryption");
    expect(filter.room.timeline.types).toBeUndefined();
    expect(filter.presence).toEqual({ not_types: ["*"] });
    expect(filter.account_data).toEqual({ not_types: ["*"] });
    expect(JSON.parse(second?.get("filter") ?? "").account_data).toEqual({});
  });

  test("waits for the account's whole state longer than for a part of it", async () => {
    const limits: (number | undefined)[] = [];
    const transport = {
      async request(_method: string, _path: string, { timeoutMs }: { timeoutMs?: number } = {}) {
        limits.push(timeoutMs);
        return { next_batch: "s1" };
      },
    } as unknown as Transport;
    await syncOnce(transport, { since: undefined, timeoutMs: 0 });
    await syncOnce(transport, { since: "s1", timeoutMs: 0 });
    expect(limits).toEqual([600_000, 30_000]);
  });

  test("gives the batch in the model's shape", async () => {
    const invitation = { type: "m.room.member", state_key: "@a:b", sender: "@c:d", content: {} };
    const answer = {
      rooms: {
        join: {
          "!r": {
            state: { events: [event("m.room.encryption", { state_key: "" })] },
            timeline: {
              limited: true,
              prev_batch: "p1",
              events: [event("m.room.encrypted"), { type: "broken" }, 7],
            },
          },
        },
        invite: { "!i": { invite_state: { events: [invitation, { ...invitation, sender: 7 }, null] } } },
        leave: { "!l": { timeline: { events: [] } } },
      },
      account_data: { events: [{ type: "m.direct", content: {} }, { type: "broken" }, 7] },
      to_device: { events: [{ type: "m.room.encrypted" }] },
      device_lists: { changed: ["@a:b", 7], left: ["@c:b"] },
      device_one_time_keys_count: { signed_curve25519: 49 },
      device_unused_fallback_key_types: ["signed_curve25519"],
    };
    await withServer([batch("s1", answer)], async (transport) => {
      expect(await syncOnce(transport, { since: undefined, timeoutMs: 0 })).toEqual({
        nextBatch: "s1",
        joined: [
          {
            roomId: "!r",
            limited: true,
            prevBatch: "p1",
            state: [event("m.room.encryption", { state_key: "" })],
            timeline: [event("m.room.encrypted")],
          },
        ],
        invited: [{ roomId: "!i", state: [invitation] }],
        left: [{ roomId: "!l", limited: false, prevBatch: undefined, state: [], timeline: [] }],
        accountData: [{ type: "m.direct", content: {} }],
        toDevice: [{ type: "m.room.encrypted" }],
        deviceLists: { changed: ["@a:b"], left: ["@c:b"] },
        oneTimeKeyCounts: { signed_curve25519: 49 },
        unusedFallbackKeyTypes: ["signed_curve25519"],
        raw: { next_batch: "s1", ...answer },
      });
    });
  });

  test("without a next_batch is an error, and an empty one is a batch", async () => {
    await withServer([{}, batch("s1")], async (transport) => {
      const sync = () => syncOnce(transport, { since: undefined, timeoutMs: 0 });
      await expect(sync()).rejects.toMatchObject({ code: "HOMESERVER_ERROR" });
      expect(await sync()).toMatchObject({
        joined: [],
        toDevice: [],
        oneTimeKeyCounts: {},
        unusedFallbackKeyTypes: undefined,
      });
    });
  });
});

describe("the loop", () => {
  test("begins no long poll while those who need the live end ask one after the other", async () => {
    const stop = new AbortController();
    let questions = 3;
    let asked = new AbortController();
    const urgency = {
      begin: () => questions > 0,
      signal: () => asked.signal,
    };
    const sleep = async () => {
      if (questions === 0)
        stop.abort(); // nobody asks any more: the pause goes by
      else asked.abort();
    };
    const requests = await withServer(
      (_seen, count) => batch(`s${count}`),
      async (transport) => {
        for await (const _ of syncBatches(transport, { since: "s0", signal: stop.signal, urgency, sleep })) {
          questions -= 1;
          asked = new AbortController();
        }
      },
    );
    expect(requests.map(({ query }) => query.get("timeout"))).toEqual(["0", "0", "0"]);
  });

  const sinces = (requests: Seen[]) => requests.map((seen) => seen.query.get("since"));

  test("moves its token only when the next batch is asked for", async () => {
    const stop = new AbortController();
    const log: string[] = [];
    const requests = await withServer(
      (_seen, count) => {
        log.push(`request ${count}`);
        return batch(`s${count}`);
      },
      async (transport) => {
        for await (const { nextBatch } of syncBatches(transport, { since: "s0", signal: stop.signal })) {
          await new Promise((resolve) => setImmediate(resolve));
          log.push(`${nextBatch} is durable`);
          if (nextBatch === "s2") stop.abort();
        }
      },
    );
    expect(log).toEqual(["request 1", "s1 is durable", "request 2", "s2 is durable"]);
    expect(sinces(requests)).toEqual(["s0", "s1"]);
  });

  test("gives the same batch again after its reader failed", async () => {
    const { signal } = new AbortController();
    const requests = await withServer(
      () => batch("s1"),
      async (transport) => {
        for (const _start of [1, 2]) {
          const reading = (async () => {
            for await (const _batch of syncBatches(transport, { since: "s0", signal }))
              throw new Error("disk full");
          })();
          await expect(reading).rejects.toThrow("disk full");
        }
      },
    );
    expect(sinces(requests)).toEqual(["s0", "s0"]);
  });

  test("waits out a homeserver in trouble, longer each time, and tells of it", async () => {
    const stop = new AbortController();
    const slept: number[] = [];
    const told: (string | undefined)[] = [];
    const failed: Answer = { status: 500, json: { errcode: "M_UNKNOWN" } };
    const limited: Answer = { status: 429, headers: { "retry-after": "40" } };
    const requests = await withServer([failed, failed, limited, batch("s1")], async (transport) => {
      const batches = syncBatches(transport, {
        since: "s0",
        signal: stop.signal,
        sleep: async (ms) => void slept.push(ms),
        onTrouble: (error) => told.push(error?.code),
      });
      for await (const _batch of batches) stop.abort();
    });
    expect(slept).toEqual([1_000, 2_000, 40_000]);
    expect(told).toEqual(["HOMESERVER_ERROR", "HOMESERVER_ERROR", "RATE_LIMITED", undefined]);
    expect(sinces(requests)).toEqual(["s0", "s0", "s0", "s0"]);
    expect(requests.map((seen) => seen.query.get("timeout"))).toEqual(["0", "0", "0", "0"]);
  });

  test.each([
    [{ "retry-after": "0" }, 1_000],
    [{ "retry-after": "99999999" }, 3_600_000],
  ])("waits neither a moment nor for ever, whatever the homeserver asks: %j", async (headers, pauseMs) => {
    const stop = new AbortController();
    const slept: number[] = [];
    await withServer([{ status: 429, headers }, batch("s1")], async (transport) => {
      const sleep = async (ms: number) => void slept.push(ms);
      for await (const _batch of syncBatches(transport, { since: "s0", signal: stop.signal, sleep }))
        stop.abort();
    });
    expect(slept).toEqual([pauseMs]);
  });

  test("ends with an error where the token is rejected", async () => {
    const { signal } = new AbortController();
    await withServer([{ status: 401, json: { errcode: "M_UNKNOWN_TOKEN" } }], async (transport) => {
      const first = syncBatches(transport, { since: undefined, signal }).next();
      await expect(first).rejects.toSatisfy(
        (error) => error instanceof SottoError && error.code === "TOKEN_REJECTED",
      );
    });
  });

  test("ends at once and without an error when it is stopped during a long poll", async () => {
    const stop = new AbortController();
    const batches: SyncBatch[] = [];
    const silence: Answer = () => stop.abort();
    await withServer([silence], async (transport) => {
      for await (const got of syncBatches(transport, { since: "s0", signal: stop.signal })) batches.push(got);
    });
    expect(batches).toEqual([]);
  });
});
