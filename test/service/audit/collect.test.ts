import { describe, expect, it, onTestFinished, vi } from "vitest";
import { SottoError } from "../../../src/errors.ts";
import type { CollectOptions } from "../../../src/service/audit/collect.ts";
import type { Seen } from "../../matrix/scripted-server.ts";
import {
  adminTokenFile,
  auditOf,
  FIRST,
  isState,
  listOfRooms,
  ROOMS,
  unread,
} from "../../support/audited-server.ts";
import { ALICE, BOB, batch, event, joined, member, state } from "../../support/store.ts";

describe("an audit of a homeserver that is sound", () => {
  it("reads everything", async () => {
    const { collect } = await auditOf();
    expect(await unread(collect())).toEqual([]);
  });

  it("leaves out rooms that nobody of the homeserver is in: of them it keeps no current state", async () => {
    const left = "!left:example.org";
    const rooms = [left, ...ROOMS].map((room_id) => ({
      ...{ room_id, public: false, joined_local_members: room_id === left ? 0 : 2 },
    }));
    const { collect } = await auditOf(({ path }) =>
      path === "/_synapse/admin/v1/rooms" ? { json: listOfRooms(rooms) } : undefined,
    );
    const facts = await collect({ adminTokenFile: adminTokenFile() });
    expect(facts.rooms.map(({ roomId }) => roomId)).toEqual(ROOMS);
    await expect(collect({ adminTokenFile: adminTokenFile(), rooms: [left] })).rejects.toMatchObject({
      code: "ROOM_NOT_FOUND",
    });
  });

  it("never claims a key, and writes nothing", async () => {
    const { collect, requests } = await auditOf();
    await collect();
    const calls = requests.map(({ method, path }) => `${method} ${path}`);
    expect(calls.filter((call) => !call.startsWith("GET ") && !call.endsWith("/keys/query"))).toEqual([]);
  });

  it("asks again for nothing that sync has not told of, and for all that it has", async () => {
    const { collect, requests, store } = await auditOf();
    const first = await collect();
    const asked = async () => {
      const before = requests.length;
      const facts = await collect();
      return {
        facts,
        paths: requests.slice(before).filter(({ path }) => /state$|messages$/.test(path)).length,
      };
    };
    const { facts, paths } = await asked();
    expect(paths).toBe(0);
    expect({ ...facts, collectedMs: 0 }).toEqual({ ...first, collectedMs: 0 });
    store.facts.mark(batch({ joined: [joined([], { roomId: FIRST, limited: true })] }));
    expect((await asked()).paths).toBe(2);
  });

  it("keeps nothing that is older than what sync has told of", async () => {
    const seen = event("m.room.encrypted", {});
    let chunk = [event("m.room.encrypted", {})];
    const { collect, requests, store } = await auditOf(({ path }) =>
      path.endsWith("/messages") ? { json: { chunk } } : undefined,
    );
    const states = () => requests.filter((request) => isState(request)).length;
    store.facts.mark(batch({ joined: [joined([seen], { roomId: FIRST })] }));
    await collect();
    await collect();
    expect(states()).toBe(2);
    chunk = [seen, ...chunk];
    await collect();
    await collect();
    expect(states()).toBe(3);
  });

  it("asks for everything again after a week", async () => {
    const { collect, requests } = await auditOf();
    await collect();
    const before = requests.length;
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 8 * 86_400_000 });
    onTestFinished(() => void vi.useRealTimers());
    await collect();
    expect(requests).toHaveLength(2 * before);
  });

  it("asks for everything again where sync cannot tell", async () => {
    let isDown = false;
    const sync = {
      async toLiveEnd() {
        if (isDown) throw new SottoError("HOMESERVER_ERROR", "no sync today");
      },
      heard: async () => undefined,
    };
    const { collect, requests } = await auditOf(undefined, { sync });
    await collect();
    isDown = true;
    const before = requests.length;
    await collect();
    expect(
      requests.slice(before).filter((seen) => ROOMS.some((roomId) => isState(seen, roomId))),
    ).toHaveLength(3);
  });

  it("does not use what was read to a lesser depth, or with another's eyes", async () => {
    const page = ({ path }: Seen) =>
      path.endsWith("/messages")
        ? { json: { chunk: [event("m.room.encrypted", {}), event("m.x", {})], end: "e" } }
        : undefined;
    const { collect, requests } = await auditOf(page);
    const count = async (options: CollectOptions) => {
      const before = requests.length;
      await collect(options);
      return requests.slice(before).filter((seen) => isState(seen)).length;
    };
    expect(await count({ depth: 2 })).toBe(1);
    expect(await count({ depth: 1 })).toBe(0);
    expect(await count({ depth: 4 })).toBe(1);
    expect(await count({ depth: 4, adminTokenFile: adminTokenFile() })).toBe(1);
    expect(await count({ depth: 4 })).toBe(1);
  });
});

describe("users", () => {
  it("are asked for in batches, and only who is there or invited", async () => {
    const many = Array.from({ length: 600 }, (_, number) => `@u${number}:example.org`);
    const { collect, requests } = await auditOf((seen) =>
      ROOMS.some((roomId) => isState(seen, roomId))
        ? {
            json: [
              state("m.room.create", { room_version: "11" }),
              ...many.map((userId) => member(userId, "join")),
              member(BOB, "knock"),
              member(ALICE, "invite"),
            ],
          }
        : undefined,
    );
    const { users } = await collect();
    expect(users).toHaveLength(601);
    expect(users.some(({ userId }) => userId === BOB)).toBe(false);
    expect(requests.filter(({ path }) => path.endsWith("/keys/query"))).toHaveLength(3);
  });
});
