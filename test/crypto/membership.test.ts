import * as fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { FakeHomeserver } from "../../packages/crypto-nodejs/test/support/homeserver.ts";
import { type Machine, wasm } from "../../src/crypto/engine.ts";
import { type Crypto, type CryptoOptions, createCrypto, holdEngine } from "../../src/crypto/index.ts";
import type { RoomEvent } from "../../src/model/event.ts";
import type { KeyRequest, KeyServer } from "../../src/model/ports.ts";
import type { SyncBatch } from "../../src/model/sync.ts";
import { openStore, type Store } from "../../src/store/index.ts";
import {
  batch,
  joined,
  MEGOLM,
  member,
  ONLY_STORE,
  OWN,
  ROOM,
  state,
  storeOptions,
} from "../support/store.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** What only identities, backups and verifications ask for. */
const NOT_USED = {} as Pick<CryptoOptions, "uploadIdentity" | "backupServer" | "gate">;

// Who leaves never reads later, and who is there reads: the real engine on both sides, the real store, and histories of
// a room that nobody would think of. Of the homeserver there are the endpoints that carry keys, in memory.

const PEOPLE = ["@alice:example.org", "@bob:example.org", "@carol:example.org"] as const;
const parse = (text: string) => JSON.parse(text) as Record<string, Record<string, Record<string, unknown>>>;

/** The key endpoints as one device reaches them. */
const keyServerOf = (server: FakeHomeserver, userId: string, deviceId: string): KeyServer => ({
  async send({ kind, body, eventType }: KeyRequest) {
    const answer = () => {
      if (kind === "keys-upload") return server.upload(userId, deviceId, parse(body));
      if (kind === "keys-query") return server.query(parse(body));
      if (kind === "keys-claim") return server.claim(parse(body));
      if (kind === "to-device") return server.sendToDevice(userId, eventType!, parse(body).messages!);
      throw new Error(`no endpoint for ${kind}`);
    };
    return JSON.stringify(answer());
  },
});

/** A device of somebody else, in memory. */
async function openDevice(server: FakeHomeserver, userId: string, deviceId: string) {
  const machine = await wasm.OlmMachine.initialize(new wasm.UserId(userId), new wasm.DeviceId(deviceId));
  const keyServer = keyServerOf(server, userId, deviceId);
  const kinds = { [wasm.RequestType.KeysUpload]: "keys-upload", [wasm.RequestType.KeysQuery]: "keys-query" };
  for (const request of await machine.outgoingRequests()) {
    const kind = (kinds as Record<number, KeyRequest["kind"]>)[request.type]!;
    const answer = await keyServer.send({ id: request.id!, kind, body: request.body });
    await machine.markRequestAsSent(request.id!, request.type, answer);
  }
  return {
    userId,
    deviceId,
    /** Whether each session that it has got was marked as shared history, by session ID. */
    async keys(): Promise<Map<string, boolean>> {
      const keys = JSON.parse(await machine.exportRoomKeys(() => true)) as Record<string, unknown>[];
      return new Map(keys.map((key) => [String(key.session_id), key["m.shared_history"] === true]));
    },
    /** Reads its to-device messages, and says whether it can read an event. */
    async reads(event: RoomEvent): Promise<boolean> {
      const inbox = JSON.stringify(server.takeInbox(userId, deviceId));
      // the engine takes it away with it
      const settings = () => new wasm.DecryptionSettings(wasm.TrustRequirement.Untrusted);
      const counts = new Map([["signed_curve25519", 50]]);
      const lists = new wasm.DeviceLists();
      await machine.receiveSyncChanges(inbox, lists, counts, undefined, settings());
      return machine.decryptRoomEvent(JSON.stringify(event), new wasm.RoomId(ROOM), settings()).then(
        () => true,
        () => false,
      );
    },
  };
}
type Device = Awaited<ReturnType<typeof openDevice>>;

/** The sender under test: started again and again on the same files. */
class Sender {
  readonly #server: FakeHomeserver;
  readonly #directory = temporaryDirectory();
  #engine: { machine: Machine; close(): Promise<void> } | undefined;
  #store: Store | undefined;
  #crypto: Crypto | undefined;

  constructor(server: FakeHomeserver) {
    this.#server = server;
  }

  async start(): Promise<void> {
    await this.stop();
    const names = {
      userId: OWN,
      deviceId: "SOTTO1",
      directory: this.#directory,
      storeKey: Buffer.alloc(32, 7),
    };
    const engine = await holdEngine(names);
    this.#engine = engine;
    this.#store = openStore(storeOptions(`${this.#directory}/sotto.sqlite`));
    const rotation = { maxPeriodMs: 604_800_000, maxMessages: 100 };
    this.#crypto = createCrypto({
      engine,
      store: this.#store,
      keyServer: keyServerOf(this.#server, OWN, "SOTTO1"),
      accountData: { get: async () => undefined, put: async () => undefined },
      oneStore: ONLY_STORE,
      ...NOT_USED,
      policy: { sharing: () => ({ shareWith: "all", onExcluded: "send", newMembers: "send" }), rotation },
    });
    await this.#crypto.drain();
  }

  async stop(): Promise<void> {
    this.#store?.close();
    await this.#engine?.close();
    this.#store = this.#engine = undefined;
  }

  /** As the sync driver does it. */
  async sync(more: Partial<SyncBatch>): Promise<void> {
    const [store, crypto, answer] = [this.#store!, this.#crypto!, batch(more)];
    await crypto.receive(answer);
    const { rotate, share } = store.rooms.apply(answer, OWN);
    store.sessions.requireRotation(rotate);
    crypto.encryptor.mustShare([...share, ...rotate]);
    await crypto.drain();
  }

  async send(eventId: string): Promise<RoomEvent> {
    const content = await this.#crypto!.encryptor.encrypt(ROOM, "m.room.message", { body: eventId });
    return {
      type: "m.room.encrypted",
      event_id: eventId,
      sender: OWN,
      origin_server_ts: 1,
      content: { ...content },
    };
  }
}

interface Step {
  what: "join" | "invite" | "leave" | "ban" | "send" | "restart" | "log out" | "log in";
  who: number;
  limited: boolean;
}
const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom("join", "invite", "leave", "ban", "restart", "log out", "log in"),
  who: fc.nat(PEOPLE.length - 1),
  limited: fc.constantFrom(false, false, true),
});
/** Everybody is there, and each change stands between two messages. */
const history = fc.array(step, { minLength: 3, maxLength: 7 }).map((changes): Step[] => {
  const all = PEOPLE.map((_, who): Step => ({ what: "join", who, limited: false }));
  const send: Step = { what: "send", who: 0, limited: false };
  return [...all, send, ...changes.flatMap((change) => [change, send])];
});

const ENCRYPTION = state("m.room.encryption", { algorithm: MEGOLM });

async function play(steps: readonly Step[]): Promise<void> {
  const server = new FakeHomeserver();
  const sender = new Sender(server);
  onTestFinished(() => sender.stop());
  await sender.start();
  await sender.sync({ joined: [joined([ENCRYPTION, member(OWN, "join")])] });
  const devices: Device[] = [];
  const active = new Set<Device>();
  const memberships = new Map<string, string>();
  const sent: { event: RoomEvent; for: Set<Device> }[] = [];
  const open = async (userId: string) => {
    const device = await openDevice(server, userId, `DEVICE${devices.length}`);
    devices.push(device);
    active.add(device);
    return device;
  };
  for (const userId of PEOPLE) await open(userId);
  const isHere = ({ userId }: Device) => ["join", "invite"].includes(memberships.get(userId) ?? "");

  for (const { what, who, limited } of steps) {
    const userId = PEOPLE[who]!;
    if (what === "restart") {
      await sender.start();
    } else if (what === "send") {
      const event = await sender.send(`$${sent.length}`);
      sent.push({ event, for: new Set([...active].filter(isHere)) });
    } else if (what === "log in") {
      await open(userId);
      await sender.sync({ deviceLists: { changed: [userId], left: [] } });
    } else if (what === "log out") {
      for (const device of active) {
        if (device.userId !== userId) continue;
        active.delete(device);
        // what was on its way to it is read first: it may have kept everything it ever got
        for (const { event } of sent) await device.reads(event);
        delete server.devices[userId]![device.deviceId];
      }
      await sender.sync({ deviceLists: { changed: [userId], left: [] } });
    } else {
      memberships.set(userId, what);
      await sender.sync({ joined: [joined([member(userId, what)], { limited })] });
    }
  }
  for (const { event, for: recipients } of sent) {
    for (const device of devices) {
      const who = `${device.userId} ${device.deviceId} reads ${event.event_id}`;
      expect(`${who}: ${await device.reads(event)}`).toBe(`${who}: ${recipients.has(device)}`);
    }
  }
  await sender.stop();
}

describe("whoever is in the room, and nobody else, reads a message", () => {
  const shown = (what: Step["what"], who: number): Step => ({ what, who, limited: false });

  it("when a device has been removed", async () => {
    await play([
      shown("join", 0),
      shown("log in", 0),
      shown("send", 0),
      shown("log out", 0),
      shown("send", 0),
    ]);
  });

  it("when somebody has left, was invited again and left again", async () => {
    const again = (["join", "send", "leave", "send", "invite", "send", "leave", "send"] as const).map(
      (what) => shown(what, 1),
    );
    await play([shown("join", 0), ...again]);
  });

  it("in every history", async () => {
    await fc.assert(fc.asyncProperty(history, play), { numRuns: 10 });
  }, 240_000);
});

describe("a room key says whether it is shared with who comes later", () => {
  it.each([
    ["shared", true],
    ["world_readable", true],
    ["invited", false],
    ["joined", false],
  ])("%s: %s", async (visibility, isShared) => {
    const server = new FakeHomeserver();
    const sender = new Sender(server);
    onTestFinished(() => sender.stop());
    await sender.start();
    const device = await openDevice(server, PEOPLE[0], "DEVICE");
    const history = state("m.room.history_visibility", { history_visibility: visibility });
    const events = [ENCRYPTION, member(OWN, "join"), member(PEOPLE[0], "join"), history];
    await sender.sync({ joined: [joined(events)] });
    expect(await device.reads(await sender.send("$1"))).toBe(true);
    const first = await device.keys();
    expect([...first.values()]).toEqual([isShared]);

    const other = isShared ? "joined" : "shared";
    const crossed = state("m.room.history_visibility", { history_visibility: other });
    await sender.sync({ joined: [joined([crossed])] });
    expect(await device.reads(await sender.send("$2"))).toBe(true);
    const [sessionId] = first.keys();
    const both = await device.keys();
    expect(both.get(sessionId!)).toBe(isShared);
    both.delete(sessionId!);
    expect([...both.values()]).toEqual([!isShared]);
  });
});
