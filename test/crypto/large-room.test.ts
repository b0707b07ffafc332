import { beforeAll, describe, expect, it } from "vitest";
import { RequestPump } from "../../src/crypto/requests.ts";
import { PolicyEncryptor } from "../../src/crypto/room-encryptor.ts";
import { storeOfRoom } from "../support/encrypted-room.ts";
import { ManyDevices } from "../support/many-devices.ts";
import { ONLY_STORE, OWN, ROOM } from "../support/store.ts";

// A room of more devices than one batch holds, with the real engine on both sides.

const DEVICES = 110;
let others: ManyDevices;

beforeAll(async () => {
  others = await ManyDevices.create(OWN, DEVICES, "far.example");
}, 60_000);

async function largeRoom() {
  const store = storeOfRoom([OWN, ...others.userIds]);
  const machine = await others.sender();
  const policy = {
    sharing: () => ({ shareWith: "all", onExcluded: "send", newMembers: "send" }) as const,
    rotation: { maxPeriodMs: 86_400_000, maxMessages: 100 },
    keyTimeoutMs: 5_000,
  };
  const encryptor = new PolicyEncryptor(
    machine,
    new RequestPump(machine, others, { keyTimeoutMs: 5_000 }),
    store,
    ONLY_STORE,
    policy,
  );
  return { store, encryptor };
}

describe("the first share of a large room", () => {
  it("claims in batches while the keys of the batch before are on their way, all for one session", async () => {
    const { store, encryptor } = await largeRoom();
    // the homeserver answers the second claim only when it has had keys for the first: who waits for it waits for ever
    const firstKeys = Promise.withResolvers<void>();
    let claims = 0;
    others.onRequest = ({ kind }) => {
      if (kind === "to-device") firstKeys.resolve();
      if (kind === "keys-claim" && ++claims === 2) return firstKeys.promise;
    };
    await encryptor.prepare(ROOM);
    const sizes = others.requests
      .filter(({ kind }) => kind === "keys-claim")
      .map(({ body }) => Object.keys(JSON.parse(body).one_time_keys).length);
    expect(sizes).toEqual([50, 50, 10]);
    expect(new Set(others.userIds.map((userId) => others.received(userId)))).toEqual(new Set([1]));

    const before = others.requests.length;
    const content = await encryptor.encrypt(ROOM, "m.room.message", { body: "hello" });
    const next = await encryptor.encrypt(ROOM, "m.room.message", { body: "again" });
    expect(others.requests.slice(before)).toEqual([]);
    expect(next.session_id).toBe(content.session_id);
    for (const userId of [others.userIds.at(0)!, others.userIds.at(60)!, others.userIds.at(-1)!]) {
      expect((await others.read(userId, ROOM, content)).content).toEqual({ body: "hello" });
    }
    const ledger = store.ledger.entries(content.session_id);
    expect(ledger).toHaveLength(DEVICES);
    expect(new Set(ledger.map(({ outcome, fromIndex }) => `${outcome} ${fromIndex}`))).toEqual(
      new Set(["shared 0"]),
    );
  });

  it("waits once for a homeserver that does not answer to claims, and names its users", async () => {
    const { encryptor, store } = await largeRoom();
    others.onRequest = ({ kind }) => {
      if (kind === "keys-claim") others.failures = { "far.example": { errcode: "M_UNAVAILABLE" } };
    };
    await encryptor.prepare(ROOM);
    expect(others.requests.filter(({ kind }) => kind === "keys-claim")).toHaveLength(1);
    const told = store.ledger.entries(ROOM);
    expect(told.filter(({ outcome }) => outcome === "unreachable")).toHaveLength(DEVICES);
    expect(told.filter(({ outcome }) => outcome === "m.no_olm")).toHaveLength(DEVICES - 50);
  });

  it("asks the homeserver to wait for others no longer than it was told", async () => {
    const { encryptor } = await largeRoom();
    await encryptor.prepare(ROOM);
    const asked = others.requests.filter(({ kind }) => kind === "keys-query" || kind === "keys-claim");
    expect(asked.length).toBeGreaterThan(1);
    expect(new Set(asked.map(({ timeoutMs }) => timeoutMs))).toEqual(new Set([5_000]));
  });

  it("that is cut off in the middle is finished by the next, with the same session and nobody told twice", async () => {
    const { store, encryptor } = await largeRoom();
    let keys = 0;
    others.onRequest = ({ kind }) => {
      if (kind === "to-device" && ++keys === 2) throw new Error("the connection broke");
    };
    await expect(encryptor.prepare(ROOM)).rejects.toThrow("the connection broke");
    const reached = others.userIds.filter((userId) => others.received(userId) > 0);
    expect(reached.length).toBeGreaterThan(0);
    expect(reached.length).toBeLessThan(DEVICES);
    expect(store.ledger.entries(ROOM).map(({ userId }) => userId)).toEqual(reached);

    others.onRequest = () => undefined;
    const content = await encryptor.encrypt(ROOM, "m.room.message", { body: "hello" });
    expect(new Set(others.userIds.map((userId) => others.received(userId)))).toEqual(new Set([1]));
    expect((await others.read(reached[0]!, ROOM, content)).content).toEqual({ body: "hello" });
    expect(store.ledger.entries(content.session_id)).toHaveLength(DEVICES);
  });
});
