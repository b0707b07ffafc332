import {
  type CryptoClient,
  type EncryptedRoomEvent,
  LogService,
  MatrixClient,
  RoomEvent,
} from "matrix-bot-sdk";
import { describe, expect, test } from "vitest";
import { SottoError } from "../../src/errors.ts";
import { silentLogger } from "../../src/log.ts";
import type { Outcomes, SottoClient } from "../../src/matrix/client.ts";
import { parseSync } from "../../src/matrix/sync.ts";
import type { DecryptedEvent } from "../../src/model/event.ts";
import {
  decrypted,
  event,
  homeserver,
  member,
  ROOM,
  SELF,
  timeline,
  withClient,
} from "../support/bot-client.ts";
import type { Answer, Seen } from "./scripted-server.ts";

// What a bot hears of a sync: what matrix-bot-sdk itself would have told it.

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

  test("goes on behind what is no membership and no type", async () => {
    const garbage = { toString: 1, valueOf: 2 };
    const odd = (eventId: string, membership: unknown) => ({
      ...member(eventId, "join"),
      content: { membership },
    });
    const batch = parseSync({
      next_batch: "s1",
      account_data: { events: [{ type: garbage }] },
      rooms: {
        leave: { "!left": { timeline: { events: [odd("$8", garbage)] } } },
        invite: {
          "!one": { invite_state: { events: [odd("$9", garbage)] } },
          "!two": {
            invite_state: { events: [odd("$9", ["invite"]), { ...member("$9", "invite"), type: garbage }] },
          },
          "!three": { invite_state: { events: [member("$9", "invite")] } },
        },
        join: {
          [ROOM]: {
            account_data: { events: [{ type: garbage }] },
            timeline: { events: [odd("$0", garbage), event("$1", "m.reaction", {})] },
          },
        },
      },
    });
    await withClient(homeserver, async (client) => {
      client.addPreprocessor({ getSupportedEventTypes: () => ["m.reaction"], processEvent: async () => {} });
      const seen = record(client);
      await client.dispatch(batch, none);
      expect(seen.map(([name, about]) => [name, about])).toEqual([
        ["account_data", { type: garbage }],
        ["room.invite", "!three"],
        ["room.account_data", ROOM],
        ["room.event", ROOM],
        ["room.event", ROOM],
      ]);
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
