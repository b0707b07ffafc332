import { describe, expect, test } from "vitest";
import {
  createAccountData,
  createRooms,
  createTransport,
  findOrCreateDirectRoom,
  type Rooms,
  type Transport,
} from "../../src/matrix/index.ts";
import { type Answer, fakeTiming, type Seen, scriptedServer } from "./scripted-server.ts";

const ROOM = "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM";
const SELF = "@voice:b";

async function ask<T>(
  script: Answer[] | ((seen: Seen) => Answer),
  use: (rooms: Rooms, transport: Transport) => Promise<T>,
) {
  await using server = await scriptedServer(script);
  const transport = createTransport({ homeserver: server.url, env: {}, timing: fakeTiming(), retryForMs: 0 });
  try {
    const outcome = await use(createRooms(transport, SELF), transport).catch((thrown: unknown) => thrown);
    return { outcome, requests: server.requests };
  } finally {
    transport.close();
  }
}

const error = (status: number, errcode?: string): Answer => ({ status, json: { errcode, error: "no" } });
const html: Answer = (response) => response.writeHead(404).end("<html>not found");
const cut: Answer = (response) => response.destroy();

describe("whether a room is encrypted", () => {
  const encryption = async (answer: Answer) =>
    (await ask([answer], (rooms) => rooms.encryption(ROOM))).outcome;

  test("is read from its state; the room ID is one path segment and no more", async () => {
    const content = { algorithm: "m.megolm.v1.aes-sha2", rotation_period_ms: 5 };
    const { outcome, requests } = await ask([{ json: content }], (rooms) => rooms.encryption("!a/b?c:d"));
    expect(outcome).toEqual({ kind: "encrypted", content });
    expect(requests[0]?.path).toBe("/_matrix/client/v3/rooms/!a%2Fb%3Fc%3Ad/state/m.room.encryption/");
  });

  test("is no only on 404 M_NOT_FOUND", async () => {
    expect(await encryption(error(404, "M_NOT_FOUND"))).toEqual({ kind: "clear" });
  });

  test.each<[string, Answer, string]>([
    ["404 M_UNRECOGNIZED", error(404, "M_UNRECOGNIZED"), "ROOM_ENCRYPTION_UNKNOWN"],
    ["404 from a proxy", html, "ROOM_ENCRYPTION_UNKNOWN"],
    ["404 without a code", error(404), "ROOM_ENCRYPTION_UNKNOWN"],
    ["M_NOT_FOUND with another status", error(500, "M_NOT_FOUND"), "ROOM_ENCRYPTION_UNKNOWN"],
    ["500", error(500, "M_UNKNOWN"), "ROOM_ENCRYPTION_UNKNOWN"],
    ["503 from a proxy", { status: 503 }, "ROOM_ENCRYPTION_UNKNOWN"],
    ["429", error(429, "M_LIMIT_EXCEEDED"), "ROOM_ENCRYPTION_UNKNOWN"],
    ["a lost connection", cut, "ROOM_ENCRYPTION_UNKNOWN"],
    ["a redirect", { status: 302, headers: { location: "/elsewhere" } }, "ROOM_ENCRYPTION_UNKNOWN"],
    ["an answer that is not JSON", (response) => response.end("<html>"), "ROOM_ENCRYPTION_UNKNOWN"],
    ["an answer that is not an object", { json: [] }, "ROOM_ENCRYPTION_UNKNOWN"],
    ["403", error(403, "M_FORBIDDEN"), "ROOM_NOT_JOINED"],
    ["a room ID it cannot read", error(400, "M_INVALID_PARAM"), "ROOM_NOT_FOUND"],
    ["a rejected token", error(401, "M_UNKNOWN_TOKEN"), "TOKEN_REJECTED"],
  ])("is an error on %s", async (_name, answer, code) => {
    expect(await encryption(answer)).toMatchObject({ code });
  });
});

describe("members", () => {
  const member = (state_key: string, membership: string) => ({
    type: "m.room.member",
    state_key,
    content: { membership },
  });
  const members = async (answer: Answer) => (await ask([answer], (rooms) => rooms.members(ROOM))).outcome;

  test("are those who joined and those who are invited", async () => {
    const chunk = [
      member(SELF, "join"),
      member("@b:b", "invite"),
      member("@c:b", "ban"),
      member("@d:b", "knock"),
    ];
    expect(await members({ json: { chunk } })).toEqual([
      { userId: SELF, membership: "join" },
      { userId: "@b:b", membership: "invite" },
    ]);
  });

  test.each<[string, Answer, string]>([
    ["500", error(500), "ROOM_MEMBERS_UNKNOWN"],
    ["429", error(429), "ROOM_MEMBERS_UNKNOWN"],
    ["a lost connection", cut, "ROOM_MEMBERS_UNKNOWN"],
    ["no list", { json: {} }, "ROOM_MEMBERS_UNKNOWN"],
    [
      "one broken member",
      { json: { chunk: [member(SELF, "join"), { content: {} }] } },
      "ROOM_MEMBERS_UNKNOWN",
    ],
    ["403", error(403, "M_FORBIDDEN"), "ROOM_NOT_JOINED"],
    ["a list of before we left", { json: { chunk: [member("@b:b", "join")] } }, "ROOM_NOT_JOINED"],
  ])("are complete or an error: %s", async (_name, answer, code) => {
    expect(await members(answer)).toMatchObject({ code });
  });
});

test("history visibility is undefined where the room has none", async () => {
  const { outcome } = await ask(
    [{ json: { history_visibility: "joined" } }, error(404, "M_NOT_FOUND"), { json: {} }],
    async (rooms) => [
      await rooms.historyVisibility(ROOM),
      await rooms.historyVisibility(ROOM),
      await rooms.historyVisibility(ROOM),
    ],
  );
  expect(outcome).toEqual(["joined", undefined, undefined]);
});

test.each<[string, Answer, unknown]>([
  ["a room's", { json: { room_id: ROOM } }, ROOM],
  ["nobody's", error(404, "M_NOT_FOUND"), expect.objectContaining({ code: "ROOM_NOT_FOUND" })],
  ["no alias", error(400, "M_INVALID_PARAM"), expect.objectContaining({ code: "ROOM_NOT_FOUND" })],
  ["unknown for now", error(500), expect.objectContaining({ code: "HOMESERVER_ERROR" })],
])("an alias that is %s", async (_name, answer, expected) => {
  const { outcome, requests } = await ask([answer], (rooms) => rooms.resolveAlias("#a/b:c"));
  expect(outcome).toEqual(expected);
  expect(requests[0]?.path).toBe("/_matrix/client/v3/directory/room/%23a%2Fb%3Ac");
});

test.each<[string, Answer, unknown]>([
  ["that is open", { json: { room_id: ROOM } }, ROOM],
  ["without an invitation", error(403, "M_FORBIDDEN"), expect.objectContaining({ code: "ROOM_FORBIDDEN" })],
  ["that is not there", error(404, "M_UNKNOWN"), expect.objectContaining({ code: "ROOM_NOT_FOUND" })],
])("joining a room %s", async (_name, answer, expected) => {
  expect((await ask([answer], (rooms) => rooms.join(ROOM))).outcome).toEqual(expected);
});

describe("account data", () => {
  test("is undefined only on 404 M_NOT_FOUND", async () => {
    const script = [error(404, "M_NOT_FOUND"), { json: { a: 1 } }, html];
    await ask(script, async (_rooms, transport) => {
      const data = createAccountData(transport, SELF);
      expect(await data.get("m.x/y")).toBeUndefined();
      expect(await data.get("m.x/y")).toEqual({ a: 1 });
      await expect(data.get("m.x/y")).rejects.toMatchObject({ code: "HOMESERVER_ERROR" });
    }).then(({ outcome, requests }) => {
      expect(outcome).toBeUndefined();
      expect(requests[0]?.path).toBe("/_matrix/client/v3/user/%40voice%3Ab/account_data/m.x%2Fy");
    });
  });
});

describe("a direct chat", () => {
  const OTHER = "@ops:b";
  interface World {
    direct?: Record<string, string[]>;
    joined?: string[];
    encrypted?: string[];
    members?: Record<string, string[]>;
    profile?: number;
    devices?: object;
  }

  /** A homeserver with this account data and these rooms. */
  const homeserver =
    (world: World) =>
    (seen: Seen): Answer => {
      const [, , , , kind = "", id = "", what = "", type = ""] = seen.path.split("/").map(decodeURIComponent);
      if (kind === "user")
        return seen.method === "PUT" ? {} : world.direct ? { json: world.direct } : error(404, "M_NOT_FOUND");
      if (kind === "joined_rooms") return { json: { joined_rooms: world.joined ?? [] } };
      if (kind === "profile") return world.profile ? error(world.profile, "M_NOT_FOUND") : {};
      if (kind === "keys") return { json: { device_keys: { [OTHER]: world.devices ?? {} } } };
      if (kind === "createRoom") return { json: { room_id: "!new" } };
      if (what === "members") {
        const chunk = (world.members?.[id] ?? []).map((state_key) => ({
          state_key,
          content: { membership: "join" },
        }));
        return { json: { chunk } };
      }
      const encrypted = type === "m.room.encryption" && world.encrypted?.includes(id);
      return encrypted ? { json: { algorithm: "m.megolm.v1.aes-sha2" } } : error(404, "M_NOT_FOUND");
    };

  const find = (world: World) =>
    ask(homeserver(world), (rooms, transport) =>
      findOrCreateDirectRoom(OTHER, {
        transport,
        rooms,
        accountData: createAccountData(transport, SELF),
        userId: SELF,
        rotation: { periodMs: 1_000_000, messages: 50 },
      }),
    );
  const written = (requests: Seen[]) =>
    requests.filter((seen) => seen.method !== "GET").map((seen) => JSON.parse(seen.body.toString()));

  test("is the encrypted one with the two of us in it, and nobody else", async () => {
    const { outcome, requests } = await find({
      direct: { [OTHER]: ["!left", "!ours", "!clear", "!crowd"] },
      joined: ["!ours", "!clear", "!crowd"],
      encrypted: ["!left", "!ours", "!crowd"],
      members: { "!ours": [SELF, OTHER], "!clear": [SELF, OTHER], "!crowd": [SELF, OTHER, "@third:b"] },
    });
    expect(outcome).toBe("!ours");
    expect(written(requests)).toEqual([]);
  });

  test("is made encrypted, with its rotation, and remembered beside the others", async () => {
    const { outcome, requests } = await find({ direct: { "@else:b": ["!x"] } });
    expect(outcome).toBe("!new");
    expect(written(requests)).toEqual([
      {
        preset: "trusted_private_chat",
        is_direct: true,
        invite: [OTHER],
        initial_state: [
          {
            type: "m.room.encryption",
            state_key: "",
            content: {
              algorithm: "m.megolm.v1.aes-sha2",
              rotation_period_ms: 1_000_000,
              rotation_period_msgs: 50,
            },
          },
        ],
      },
      { "@else:b": ["!x"], [OTHER]: ["!new"] },
    ]);
  });

  test("is not made with nobody", async () => {
    const { outcome, requests } = await find({ profile: 404 });
    expect(outcome).toMatchObject({ code: "ROOM_NOT_FOUND", cure: "check the user ID" });
    expect(requests.some((seen) => seen.path.endsWith("createRoom"))).toBe(false);
  });

  test("is made with someone whose profile is empty or hidden", async () => {
    expect((await find({ profile: 404, devices: { D: {} } })).outcome).toBe("!new");
    expect((await find({ profile: 403 })).outcome).toBe("!new");
  });
});
