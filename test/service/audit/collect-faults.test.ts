import { describe, expect, it } from "vitest";
import { SottoError } from "../../../src/errors.ts";
import type { Answer } from "../../matrix/scripted-server.ts";
import {
  adminTokenFile,
  auditOf,
  isState,
  listOfRooms,
  ROOMS,
  SECOND,
  unread,
  unreadIn,
} from "../../support/audited-server.ts";
import { ALICE, OWN } from "../../support/store.ts";
import { failed, limited } from "../../support/transport.ts";

const silence: Answer = () => undefined;

/** What a homeserver can do to one request. */
const FAULTS: Record<string, [Answer, RegExp]> = {
  "a 500": [failed(500), /M_UNKNOWN/],
  "a 502 of a proxy": [(response) => void response.writeHead(502).end("<html>"), /proxy/],
  "a 429 that names a long time": [limited(3_600_000), /M_LIMIT_EXCEEDED/],
  "a refusal": [failed(403, "M_FORBIDDEN"), /M_FORBIDDEN/],
  silence: [silence, /too long|no answer/],
  "an answer that never ends": [
    (response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write(" "), 20);
      response.on("close", () => clearInterval(drip));
    },
    /too long/,
  ],
  "an answer that is cut": [
    (response) =>
      void response.writeHead(200, { "content-length": "1000" }).end("[", () => response.destroy()),
    /cut short/,
  ],
  "no JSON": [
    (response) => void response.writeHead(200).end("pong"),
    /did not answer as a Matrix homeserver/,
  ],
  "an empty object": [{ json: {} }, /homeserver/],
  "a number": [{ json: 7 }, /homeserver/],
  null: [{ json: null }, /homeserver/],
};

describe("what cannot be read", () => {
  it.each(Object.entries(FAULTS))(
    "is unread, and nothing else: %s for a room's state",
    async (_what, [fault, why]) => {
      const { collect } = await auditOf((seen) => (isState(seen) ? fault : undefined));
      const lines = await unread(collect());
      expect(lines).toEqual([expect.stringMatching(why)]);
      expect(lines[0]).toMatch(/^\/rooms\/0\/state: the state of !a:example\.org could not be read: /);
    },
  );

  it.each(Object.entries(FAULTS))(
    "is unread, and nothing else: %s for a room's past",
    async (_what, [fault]) => {
      const { collect } = await auditOf(({ path }) =>
        path.endsWith("/messages") && path.includes(encodeURIComponent(SECOND)) ? fault : undefined,
      );
      expect(await unread(collect())).toEqual([
        expect.stringMatching(/^\/rooms\/1\/timeline: the history of !b/),
      ]);
    },
  );

  it.each(Object.entries(FAULTS))(
    "is unread, and nothing else: %s for the directory",
    async (_what, [fault]) => {
      const { collect } = await auditOf(({ path }) => (path.includes("/directory/") ? fault : undefined));
      expect(await unread(collect())).toEqual(
        ROOMS.map((roomId) =>
          expect.stringContaining(`isListed: whether the public directory shows ${roomId}`),
        ),
      );
    },
  );

  it.each(Object.entries(FAULTS))(
    "is unread, and never an empty list: %s for keys",
    async (_what, [fault]) => {
      const { collect } = await auditOf(({ path }) => (path.endsWith("/keys/query") ? fault : undefined));
      expect(await unread(collect())).toEqual(
        [ALICE, OWN].flatMap((userId, at) =>
          ["identity", "devices"].map((part) =>
            expect.stringContaining(`/users/${at}/${part}: the keys of ${userId} could not be read: `),
          ),
        ),
      );
    },
  );

  it("is asked for again by the next audit, and what was read is not", async () => {
    let isBroken = true;
    const { collect, requests } = await auditOf((seen) =>
      isState(seen) && isBroken ? failed(500) : undefined,
    );
    await collect();
    isBroken = false;
    const before = requests.length;
    expect(await unread(collect())).toEqual([]);
    expect(requests.slice(before).filter(({ path }) => path.endsWith("/state"))).toHaveLength(1);
  });

  it.each([
    ["clearMedia", /\/media$/, 3],
    ["account", /\/admin\/v2\/users\/[^/]+$/, 2],
  ])("is unread, and nothing else, where an administrator's token reads: %s", async (name, path, count) => {
    const { collect } = await auditOf((seen) => (path.test(seen.path) ? failed(500) : undefined));
    const lines = unreadIn(await collect({ adminTokenFile: adminTokenFile() })).filter(
      (line) => !/^\/(?:homeserver|own)|isVerifiedByUs|change/.test(line),
    );
    expect(lines).toHaveLength(count);
    expect(lines.every((line) => line.includes(`/${name}: `) && line.includes("could not be read"))).toBe(
      true,
    );
  });

  it("of one user keeps no other from being read", async () => {
    const { collect, requests } = await auditOf((seen) =>
      seen.path.endsWith("/keys/query") && seen.body.includes(ALICE) ? failed(500) : undefined,
    );
    const lines = await unread(collect());
    expect(lines).toHaveLength(2);
    expect(lines.every((line) => line.includes(ALICE))).toBe(true);
    expect(requests.filter(({ path }) => path.endsWith("/keys/query"))).toHaveLength(3);
  });

  it.each<[string, object, RegExp]>([
    [
      "of another homeserver that does not answer",
      { device_keys: { [OWN]: {} }, failures: { "example.org": {} } },
      /did not answer our homeserver/,
    ],
    ["of whom the answer says nothing", { device_keys: { [OWN]: {} } }, /leaves them out/],
  ])("are the keys %s", async (_what, json, why) => {
    const { collect } = await auditOf(({ path }) => (path.endsWith("/keys/query") ? { json } : undefined));
    const { users } = await collect();
    expect(users.find(({ userId }) => userId === ALICE)).toMatchObject({
      identity: { unread: expect.stringMatching(why) },
      devices: { unread: expect.stringMatching(why) },
    });
  });

  it("a room's members cannot be known either: no other room's are lost", async () => {
    const { collect } = await auditOf((seen) =>
      ROOMS.slice(0, 2).some((roomId) => isState(seen, roomId)) ? failed(500) : undefined,
    );
    expect((await collect()).users.map(({ userId, rooms }) => [userId, rooms])).toEqual([
      [ALICE, [ROOMS[2]]],
      [OWN, [ROOMS[2]]],
    ]);
  });
});

describe("a homeserver that holds requests back", () => {
  it("is waited for as it asks, within what an audit has time for", async () => {
    const held = new Set<string>();
    const { collect } = await auditOf(({ path }) => {
      if (held.has(path)) return undefined;
      held.add(path);
      return limited(20);
    });
    expect(await unread(collect({}, { retryForMs: 5_000, answerMs: 10_000 }))).toEqual([]);
  });

  it("for ever ends the audit nevertheless, with nothing read and everything said", async () => {
    const { collect, requests } = await auditOf(({ path }) =>
      path.endsWith("/joined_rooms") ? undefined : silence,
    );
    const lines = await unread(collect({}, { lanes: 2, lostMs: 1 }));
    expect(lines.some((line) => line.includes("failed too often"))).toBe(true);
    expect(lines).toHaveLength(3 * ROOMS.length);
    expect(requests.length).toBeLessThan(8);
  });
});

describe("the whole audit fails", () => {
  it("with HOMESERVER_UNREACHABLE where there is none", async () => {
    const sync = {
      toLiveEnd: () => Promise.reject(new SottoError("HOMESERVER_UNREACHABLE", "nobody there")),
    };
    const { collect } = await auditOf(undefined, { sync });
    await expect(collect()).rejects.toMatchObject({ code: "HOMESERVER_UNREACHABLE" });
  });

  it("with the token's code where it is rejected, in the midst of it too", async () => {
    const { collect } = await auditOf((seen) => (isState(seen) ? failed(401, "M_UNKNOWN_TOKEN") : undefined));
    await expect(collect()).rejects.toMatchObject({ code: "TOKEN_REJECTED" });
  });

  it("where nobody can say which rooms there are", async () => {
    const { collect } = await auditOf(({ path }) =>
      path === "/_synapse/admin/v1/rooms" ? { json: listOfRooms([{ room_id: 7 }]) } : undefined,
    );
    await expect(collect({ adminTokenFile: adminTokenFile() })).rejects.toMatchObject({
      code: "HOMESERVER_ERROR",
    });
  });

  it.each([
    ["ends before its end", { rooms: [], total_rooms: 3 }],
    ["says not how many there are", { rooms: [] }],
    ["says nothing of how many there are", { rooms: [], total_rooms: null }],
    ["says of a room not whether it is listed", { rooms: [{ room_id: SECOND }], total_rooms: 1 }],
  ])("where the list of all rooms %s", async (_what, json) => {
    const { collect } = await auditOf(({ path }) =>
      path === "/_synapse/admin/v1/rooms" ? { json } : undefined,
    );
    await expect(collect({ adminTokenFile: adminTokenFile() })).rejects.toMatchObject({
      code: "HOMESERVER_ERROR",
    });
  });

  it("but not where sync knows a room that the homeserver leaves out of its list", async () => {
    const { collect } = await auditOf((seen) => {
      if (isState(seen, SECOND)) return failed(403, "M_FORBIDDEN");
      if (seen.path.endsWith("/joined_rooms"))
        return { json: { joined_rooms: ROOMS.filter((roomId) => roomId !== SECOND) } };
      return undefined;
    });
    const facts = await collect();
    expect(facts.rooms.map(({ roomId }) => roomId)).toEqual(ROOMS);
    expect(unreadIn(facts.rooms[1]?.state)).toEqual([expect.stringContaining("M_FORBIDDEN")]);
  });

  it("but not where sync knows the rooms", async () => {
    const { collect } = await auditOf(({ path }) =>
      path.endsWith("/joined_rooms") ? failed(500) : undefined,
    );
    expect((await collect()).rooms.map(({ roomId }) => roomId)).toEqual(ROOMS);
  });
});
