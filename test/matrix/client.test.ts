import {
  MatrixError as BotSdkError,
  type CryptoClient,
  type EncryptedFile,
  type EncryptedRoomEvent,
  LogService,
  MatrixClient,
  RoomEvent,
} from "matrix-bot-sdk";
import { describe, expect, test } from "vitest";
import { SottoError } from "../../src/errors.ts";
import { type Logger, silentLogger } from "../../src/log.ts";
import { type Outcomes, SottoClient } from "../../src/matrix/client.ts";
import { type ClearTypes, createRooms, createSendGate, createTransport } from "../../src/matrix/index.ts";
import { parseSync } from "../../src/matrix/sync.ts";
import type { DecryptedEvent } from "../../src/model/event.ts";
import type { RoomEncryptor } from "../../src/model/ports.ts";
import { type Answer, type Seen, scriptedServer } from "./scripted-server.ts";

const SELF = "@voice:b";
const ROOM = "!room";
const NOTHING: ClearTypes = { reactions: false, redactions: false, state: false };

/** Encrypts so that a test can see what would have been inside. */
const encryptor: RoomEncryptor = {
  async encrypt(roomId, type, content) {
    const ciphertext = Buffer.from(JSON.stringify({ roomId, type, content }))
      .toString("base64")
      .replace(/=+$/, "");
    return {
      algorithm: "m.megolm.v1.aes-sha2",
      ciphertext,
      session_id: "S",
      sender_key: "K",
      device_id: "D",
    };
  },
};
const inside = (seen: Seen | undefined) =>
  JSON.parse(Buffer.from(JSON.parse(seen?.body.toString() ?? "").ciphertext, "base64").toString());

interface ClientSetup {
  clearTypes?: ClearTypes;
  logger?: Logger;
}

async function withClient(
  script: (seen: Seen) => Answer,
  use: (client: SottoClient, requests: Seen[], sync: string[]) => Promise<void>,
  { clearTypes = NOTHING, logger = silentLogger }: ClientSetup = {},
): Promise<void> {
  await using server = await scriptedServer(script);
  const transport = createTransport({
    homeserver: server.url,
    accessToken: "secret",
    env: {},
    retryForMs: 0,
  });
  const sync: string[] = [];
  const client = new SottoClient({
    transport,
    gate: createSendGate(transport, clearTypes),
    userId: SELF,
    crypto: {
      deviceId: "SOTTO1",
      deviceEd25519: "ED",
      rooms: createRooms(transport, SELF),
      shareHistory: async () => undefined,
      encryptor,
      decrypt: async (_roomId, event) => decrypted(event.event_id, "m.room.message", { body: "clear" }),
      encryptMedia: async (clear) => ({ bytes: clear.toReversed(), file: FILE }),
      decryptMedia: async ({ url }) => Buffer.from(url),
    },
    sync: { start: async () => void sync.push("start"), stop: () => void sync.push("stop") },
    logger,
  });
  await use(client, server.requests, sync).finally(() => transport.close());
}

const FILE: Omit<EncryptedFile, "url"> = {
  v: "v2",
  key: { kty: "oct", key_ops: [], alg: "A256CTR", k: "", ext: true },
  iv: "",
  hashes: { sha256: "" },
};

/** An account in one room, which accepts every event. */
const homeserver = (seen: Seen): Answer => {
  if (seen.path.endsWith("/joined_rooms")) return { json: { joined_rooms: [ROOM] } };
  if (seen.path.endsWith("/state/m.room.encryption/")) return { json: { algorithm: "m.megolm.v1.aes-sha2" } };
  if (seen.path.includes("/account_data/"))
    return { status: 404, json: { errcode: "M_NOT_FOUND", error: "none" } };
  if (seen.method === "PUT") return { json: { event_id: "$sent" } };
  return { status: 404, json: { errcode: "M_UNRECOGNIZED", error: "what?" } };
};

const event = (event_id: string, type: string, content: object = {}, more: object = {}) => ({
  event_id,
  type,
  sender: "@ops:b",
  origin_server_ts: 1,
  content,
  ...more,
});
const member = (event_id: string, membership: string) =>
  event(event_id, "m.room.member", { membership }, { state_key: SELF });
const decrypted = (eventId: string, type: string, content: Record<string, unknown>): DecryptedEvent => ({
  roomId: ROOM,
  eventId,
  sender: "@ops:b",
  senderDeviceId: "D",
  originServerTs: 1,
  type,
  content,
  sessionId: "S",
  trust: "signed",
});
const timeline = (...events: object[]) =>
  parseSync({ next_batch: "s1", rooms: { join: { [ROOM]: { timeline: { events } } } } });

/** Every event that matrix-bot-sdk documents for a client that syncs. */
const EVENTS = [
  ...["account_data", "room.account_data", "room.leave", "room.invite", "room.join", "room.encrypted_event"],
  ...["room.decrypted_event", "room.failed_decryption", "room.message", "room.archived", "room.upgraded"],
  "room.event",
];

function record(client: MatrixClient): unknown[][] {
  const seen: unknown[][] = [];
  for (const name of EVENTS) client.on(name, (...args: unknown[]) => seen.push([name, ...args]));
  return seen;
}

test("a bot written for matrix-bot-sdk runs as it is, and what it says is encrypted", async () => {
  // the bot of matrix-bot-sdk's own tutorial, with nothing of Sotto in it
  function startBot(client: MatrixClient): Promise<void> {
    client.on("room.message", async (roomId: string, event) => {
      if (event.content?.msgtype !== "m.text" || event.sender === (await client.getUserId())) return;
      if (!event.content.body.startsWith("!hello")) return;
      await client.replyText(roomId, event, "Hello <World>!");
      await client.sendNotice(roomId, "done");
    });
    return client.start();
  }

  await withClient(homeserver, async (client, requests, sync) => {
    expect(client).toBeInstanceOf(MatrixClient);
    await startBot(client);
    expect(sync).toEqual(["start"]);
    const command = decrypted("$1", "m.room.message", { msgtype: "m.text", body: "!hello" });
    await client.dispatch(timeline(event("$1", "m.room.encrypted")), new Map([["$1", command]]));
    await expect.poll(() => requests.filter((seen) => seen.method === "PUT").length).toBe(2);
    const [reply, notice] = requests.filter((seen) => seen.method === "PUT");
    expect(reply?.path).toMatch(/^\/_matrix\/client\/v3\/rooms\/!room\/send\/m\.room\.encrypted\/.+/);
    expect(inside(reply)).toMatchObject({ roomId: ROOM, type: "m.room.message" });
    expect(inside(reply).content).toMatchObject({ "m.relates_to": { "m.in_reply_to": { event_id: "$1" } } });
    expect(inside(notice).content).toEqual({ msgtype: "m.notice", body: "done" });
    client.stop();
    expect(sync).toEqual(["start", "stop"]);
  });
});

describe("sending", () => {
  test("encrypts every event, also a raw one and a reaction", async () => {
    await withClient(homeserver, async (client, requests) => {
      expect(await client.sendText(ROOM, "hello")).toBe("$sent");
      await client.sendRawEvent(ROOM, "m.room.message", { body: "raw" });
      await client.sendEvent(ROOM, "m.reaction", { "m.relates_to": { key: "👍" } });
      expect(requests.every((seen) => seen.path.includes("/send/m.room.encrypted/"))).toBe(true);
      expect(requests.map((seen) => inside(seen).type)).toEqual([
        "m.room.message",
        "m.room.message",
        "m.reaction",
      ]);
    });
  });

  test("leaves in clear only what the config allows", async () => {
    const refused = { code: "CLEAR_EVENT_REFUSED" };
    await withClient(homeserver, async (client, requests) => {
      await expect(client.sendStateEvent(ROOM, "m.room.topic", "", {})).rejects.toMatchObject(refused);
      await expect(client.redactEvent(ROOM, "$1")).rejects.toMatchObject(refused);
      await expect(client.sendRawEvent(ROOM, "m.room.encrypted", { body: "x" })).rejects.toMatchObject(
        refused,
      );
      expect(requests).toEqual([]);
    });
    const clearTypes = { reactions: true, redactions: true, state: true };
    const use = async (client: SottoClient, requests: Seen[]) => {
      await client.sendStateEvent(ROOM, "m.room.topic", "", { topic: "x" });
      await client.redactEvent(ROOM, "$1", "why");
      await client.sendEvent(ROOM, "m.reaction", { "m.relates_to": {} });
      await client.sendText(ROOM, "hello");
      expect(requests.map((seen) => seen.path.split("/").slice(6, 8).join("/"))).toEqual([
        "state/m.room.topic",
        "redact/%241",
        "send/m.reaction",
        "send/m.room.encrypted",
      ]);
    };
    await withClient(homeserver, use, { clearTypes });
  });

  test("has no way round the gate", async () => {
    await withClient(homeserver, async (client, requests) => {
      const path = `/_matrix/client/v3/rooms/${ROOM}/send/m.room.message/t`;
      await expect(client.doRequest("PUT", path, null, { body: "x" })).rejects.toMatchObject({
        code: "CLEAR_EVENT_REFUSED",
      });
      expect(requests).toEqual([]);
    });
  });
});

describe("requests", () => {
  test("go through the transport, and fail with matrix-bot-sdk's own error", async () => {
    await withClient(homeserver, async (client, requests) => {
      expect(await client.getJoinedRooms()).toEqual([ROOM]);
      expect(requests[0]?.headers.authorization).toBe("Bearer secret");
      expect(client.accessToken).toBe("");
      const failure = await client.getUserProfile("@a:b").catch((thrown: unknown) => thrown);
      expect(failure).toBeInstanceOf(BotSdkError);
      expect(failure).toMatchObject({ errcode: "M_UNRECOGNIZED", statusCode: 404, body: { error: "what?" } });
      expect(await client.getSafeAccountData("m.none", { a: 1 })).toEqual({ a: 1 });
    });
  });

  test("that reach nobody fail with a SottoError", async () => {
    await withClient(
      () => (response) => response.destroy(),
      async (client) => {
        await expect(client.getJoinedRooms()).rejects.toMatchObject({ code: "HOMESERVER_UNREACHABLE" });
      },
    );
  });

  test("upload and download media", async () => {
    const media: (seen: Seen) => Answer = (seen) =>
      seen.method === "POST"
        ? { json: { content_uri: "mxc://b/up" } }
        : (response) => response.writeHead(200, { "content-type": "audio/ogg" }).end("OggS");
    await withClient(media, async (client, requests) => {
      expect(await client.uploadContent(Buffer.from("bytes"))).toBe("mxc://b/up");
      expect(requests[0]?.headers["content-type"]).toBe("application/octet-stream");
      expect(requests[0]?.query.size).toBe(0);
      const { data, contentType } = await client.downloadContent("mxc://b/up");
      expect([data.toString(), contentType]).toEqual(["OggS", "audio/ogg"]);
    });
  });
});

describe("client.crypto", () => {
  test("has the calls of bots", async () => {
    await withClient(homeserver, async (client) => {
      const { crypto } = client;
      expect([crypto.isReady, crypto.clientDeviceId, crypto.clientDeviceEd25519]).toEqual([
        true,
        "SOTTO1",
        "ED",
      ]);
      expect(await crypto.isRoomEncrypted(ROOM)).toBe(true);
      const { buffer, file } = await crypto.encryptMedia(Buffer.from("abc"));
      expect([buffer.toString(), file]).toEqual(["cba", FILE]);
      expect((await crypto.decryptMedia({ ...FILE, url: "mxc://b/x" })).toString()).toBe("mxc://b/x");
    });
  });

  test("does not guess whether a room is encrypted", async () => {
    await withClient(
      () => ({ status: 500 }),
      async (client) => {
        await expect(client.crypto.isRoomEncrypted(ROOM)).rejects.toMatchObject({
          code: "ROOM_ENCRYPTION_UNKNOWN",
        });
      },
    );
  });

  test("refuses the calls that would drive an engine of matrix-bot-sdk's", async () => {
    await withClient(homeserver, async (client) => {
      await expect(client.crypto.updateSyncData()).rejects.toMatchObject({ code: "USAGE" });
      await expect(client.uploadFallbackKey()).rejects.toMatchObject({ code: "USAGE" });
      expect(() => client.impersonateUserId("@other:b")).toThrow(SottoError);
    });
  });

  test("reads one event decrypted", async () => {
    const script = (seen: Seen): Answer =>
      seen.path.includes("/event/") ? { json: event("$1", "m.room.encrypted") } : homeserver(seen);
    await withClient(script, async (client) => {
      expect(await client.getEvent(ROOM, "$1")).toMatchObject({
        type: "m.room.message",
        content: { body: "clear" },
        trust: "signed",
      });
    });
  });
});

/** matrix-bot-sdk itself, with an engine that decrypts "$1" and has no key for anything else. */
class Original extends MatrixClient {
  override readonly crypto = {
    isRoomEncrypted: async () => true,
    updateSyncData: async () => {},
    onRoomEvent: async () => {},
    onRoomJoin: async () => {},
    async decryptRoomEvent({ raw }: EncryptedRoomEvent) {
      if (raw.event_id !== "$1") throw NO_KEY;
      return new RoomEvent({ ...raw, type: "m.room.message", content: { body: "hello" } });
    },
  } as unknown as CryptoClient;

  override async getUserId(): Promise<string> {
    return SELF;
  }

  process(raw: unknown): Promise<void> {
    return this.processSync(raw);
  }
}

/** An argument as matrix-bot-sdk would have it. */
function plain(told: unknown): unknown {
  if (typeof told !== "object" || told instanceof Error) return told;
  const { trust: _, ...rest } = told as { trust?: unknown };
  return rest;
}

const QUIET = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };
const NO_KEY = new SottoError("DECRYPT_FAILED", "no key");

describe("dispatch", () => {
  const none: Outcomes = new Map();

  test("emits what matrix-bot-sdk emits, in its order, with its arguments", async () => {
    const encryptedEvent = event("$1", "m.room.encrypted", { ciphertext: "x" });
    const undecryptable = event("$2", "m.room.encrypted");
    const tombstone = event("$3", "m.room.tombstone", { replacement_room: "!new" }, { state_key: "" });
    const create = event("$4", "m.room.create", { predecessor: { room_id: "!old" } }, { state_key: "" });
    const batch = parseSync({
      next_batch: "s1",
      account_data: { events: [{ type: "m.push_rules" }] },
      rooms: {
        leave: { "!left": { timeline: { events: [member("$8", "leave")] } } },
        invite: { "!invited": { invite_state: { events: [member("$9", "invite")] } } },
        join: {
          [ROOM]: {
            account_data: { events: [{ type: "m.tag" }] },
            timeline: { events: [member("$0", "join"), encryptedEvent, undecryptable, tombstone, create] },
          },
        },
      },
    });
    const outcomes: Outcomes = new Map<string, DecryptedEvent | Error>([
      ["$1", decrypted("$1", "m.room.message", { body: "hello" })],
      ["$2", NO_KEY],
    ]);
    const clear = { ...encryptedEvent, type: "m.room.message", content: { body: "hello" } };
    await withClient(homeserver, async (client) => {
      const seen = record(client);
      await client.dispatch(batch, outcomes);
      expect(seen).toEqual([
        ["account_data", { type: "m.push_rules" }],
        ["room.leave", "!left", member("$8", "leave")],
        ["room.invite", "!invited", member("$9", "invite")],
        ["room.account_data", ROOM, { type: "m.tag" }],
        ["room.join", ROOM, member("$0", "join")],
        ["room.event", ROOM, member("$0", "join")],
        ["room.encrypted_event", ROOM, encryptedEvent],
        ["room.decrypted_event", ROOM, { ...clear, trust: "signed" }],
        ["room.message", ROOM, { ...clear, trust: "signed" }],
        ["room.event", ROOM, { ...clear, trust: "signed" }],
        ["room.encrypted_event", ROOM, undecryptable],
        ["room.failed_decryption", ROOM, undecryptable, NO_KEY],
        ["room.event", ROOM, undecryptable],
        ["room.archived", ROOM, tombstone],
        ["room.event", ROOM, tombstone],
        ["room.upgraded", ROOM, create],
        ["room.event", ROOM, create],
      ]);

      LogService.setLogger(QUIET);
      const original = new Original("https://b", "");
      const expected = record(original);
      await original.process(batch.raw);
      // but for the one thing that is ours to say
      const ours = seen.map((args) => args.map((arg) => (arg as { trust?: string })?.trust ?? null));
      expect(ours.flat().filter(Boolean)).toEqual(["signed", "signed", "signed"]);
      expect(seen.map((args) => args.map((arg) => plain(arg)))).toEqual(expected);
    });
  });

  test("says of decrypted events how far the sender is proven, and never lets the homeserver say it", async () => {
    const lie = { trust: "verified" };
    const batch = parseSync({
      next_batch: "s1",
      rooms: {
        leave: { "!left": { timeline: { events: [{ ...member("$8", "leave"), ...lie }] } } },
        invite: { "!invited": { invite_state: { events: [{ ...member("$9", "invite"), ...lie }] } } },
        join: {
          [ROOM]: {
            timeline: {
              events: [
                event("$1", "m.room.encrypted", {}, lie),
                event("$2", "m.room.encrypted", {}, lie),
                event("$3", "m.reaction", {}, lie),
                event("$4", "m.room.tombstone", {}, { ...lie, state_key: "" }),
              ],
            },
          },
        },
      },
    });
    const outcomes: Outcomes = new Map<string, DecryptedEvent | Error>([
      ["$1", decrypted("$1", "m.room.message", { body: "hello" })],
      ["$2", NO_KEY],
    ]);
    await withClient(homeserver, async (client) => {
      const seen = record(client);
      await client.dispatch(batch, outcomes);
      const trusts = seen.map(([name, , told]) => [name, (told as { trust?: string }).trust]);
      expect(trusts.filter(([, trust]) => trust !== undefined)).toEqual([
        ["room.decrypted_event", "signed"],
        ["room.message", "signed"],
        ["room.event", "signed"],
      ]);
      expect(trusts).toHaveLength(12);
    });
    const lying = (seen: Seen): Answer =>
      seen.path.includes("/event/") ? { json: event("$1", "m.reaction", {}, lie) } : homeserver(seen);
    await withClient(lying, async (client) => {
      expect(await client.getEvent(ROOM, "$1")).not.toHaveProperty("trust");
    });
  });

  test("says a room was joined once", async () => {
    await withClient(homeserver, async (client) => {
      const seen = record(client);
      await client.dispatch(timeline(member("$0", "join")), none);
      await client.dispatch(timeline(member("$1", "join")), none);
      expect(seen.map(([name]) => name)).toEqual(["room.join", "room.event", "room.event"]);
    });
  });

  test("hides a clear event that the policy refuses", async () => {
    await withClient(homeserver, async (client) => {
      const seen = record(client);
      const refused = new SottoError("DECRYPT_FAILED", "a clear event in an encrypted room");
      await client.dispatch(
        timeline(event("$1", "m.room.message", { body: "psst" })),
        new Map([["$1", refused]]),
      );
      expect(seen).toEqual([]);
    });
  });

  test("tells the rest of a batch where a preprocessor fails", async () => {
    await withClient(homeserver, async (client) => {
      const seen = record(client);
      client.addPreprocessor({
        getSupportedEventTypes: () => ["m.room.topic"],
        processEvent: async () => {
          throw new Error("of the bot's own making");
        },
      });
      await client.dispatch(timeline(event("$1", "m.room.topic"), event("$2", "m.room.name")), new Map());
      const eventIds = seen.map((args) => (args.at(-1) as { event_id: string }).event_id);
      expect(eventIds).toEqual(["$1", "$2"]);
    });
  });

  test("runs preprocessors before the listeners", async () => {
    await withClient(homeserver, async (client) => {
      const seen = record(client);
      client.addPreprocessor({
        getSupportedEventTypes: () => ["m.room.message"],
        processEvent: async (got) => Object.assign(got, { extra: true }),
      });
      await client.dispatch(timeline(event("$1", "m.room.message"), event("$2", "m.sticker")), none);
      expect(seen.map(([, , got]) => (got as { extra?: true }).extra)).toEqual([true, true, undefined]);
    });
  });

  test("goes on after a listener that throws", async () => {
    const errors: unknown[] = [];
    const logger = { ...silentLogger, error: (message: string) => errors.push(message) };
    const use = async (client: SottoClient) => {
      client.on("room.message", () => {
        throw new Error("bot bug");
      });
      const seen = record(client);
      await client.dispatch(timeline(event("$1", "m.room.message")), none);
      expect(seen.map(([name]) => name)).toEqual(["room.event"]);
      expect(errors).toEqual(["a bot's listener failed"]);
    };
    await withClient(homeserver, use, { logger });
  });
});
