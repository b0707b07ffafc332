import { describe, expect, it } from "vitest";
import { type Machine, wasm } from "../../src/crypto/engine.ts";
import { RequestPump } from "../../src/crypto/requests.ts";
import { PolicyEncryptor } from "../../src/crypto/room-encryptor.ts";
import type { SharingPolicy } from "../../src/crypto/sharing.ts";
import {
  ALICE,
  BOB,
  batch,
  joined,
  MEGOLM,
  megolmCiphertext,
  member,
  ONLY_STORE,
  OWN,
  openTestStore,
  ROOM,
  state,
} from "../support/store.ts";

// When a key is shared, and when it is not. The engine here is a stand-in that notes what it is asked for: moments such
// as "while the key is on its way" cannot be hit with the real one, which the end-to-end tests use.

const MINUTE = 60_000;
const DEVICE = {
  isCrossSignedByOwner: () => true,
  isVerified: () => false,
  isBlacklisted: () => false,
  isDehydrated: false,
  free() {},
};

function encryptorFor(
  withheld: () => Record<string, string> = () => ({}),
  policy: Partial<SharingPolicy> = {},
) {
  const store = openTestStore();
  const apply = (...events: ReturnType<typeof member>[]) =>
    store.transaction(() => store.rooms.apply(batch({ joined: [joined(events)] }), OWN));
  apply(state("m.room.encryption", { algorithm: MEGOLM }), member(OWN, "join"), member(ALICE, "join"));
  apply(member(BOB, "join"));
  const shares: string[][] = [];
  const asked: string[][] = [];
  let sessions = 1;
  let requests = 0;
  let messages = 0;
  let duringShare = () => {};
  const machine = {
    updateTrackedUsers: async () => {},
    queryKeysForUsers(users: wasm.UserId[]) {
      asked.push(users.map(String));
      return new wasm.KeysQueryRequest("query", "{}");
    },
    outgoingRequests: async () => [],
    userId: new wasm.UserId(OWN),
    deviceId: new wasm.DeviceId("SOTTO1"),
    getIdentity: async () => undefined,
    getDevice: async () => DEVICE,
    getUserDevices: async () => ({
      devices: () => [{ deviceId: "TABLET", ...DEVICE }],
      free() {},
    }),
    getMissingSessions: async () => null,
    markRequestAsSent: async () => true,
    async invalidateGroupSession() {
      sessions += 1;
      return true;
    },
    async shareRoomKey(_room: wasm.RoomId, users: wasm.UserId[]) {
      shares.push(users.map(String));
      duringShare();
      const messages = {
        [BOB]: Object.fromEntries(Object.entries(withheld()).map(([id, code]) => [id, { code }])),
      };
      const body = JSON.stringify({ messages });
      requests += 1;
      return [new wasm.ToDeviceRequest(`id${requests}`, "m.room_key.withheld", `txn${requests}`, body)];
    },
    encryptRoomEvent: async () =>
      JSON.stringify({
        algorithm: MEGOLM,
        session_id: `session ${sessions}`,
        ciphertext: megolmCiphertext(messages++),
      }),
  } as unknown as Machine;
  const at = { ms: 1_000_000 };
  const sharing: SharingPolicy = { shareWith: "signed", onExcluded: "send", newMembers: "send", ...policy };
  const rotation = { maxPeriodMs: 10 * MINUTE, maxMessages: 100 };
  const pump = new RequestPump(machine, { send: async () => "{}" });
  const encryptor = new PolicyEncryptor(
    machine,
    pump,
    store,
    ONLY_STORE,
    { sharing: () => sharing, rotation },
    () => at.ms,
  );
  const change = (...events: ReturnType<typeof member>[]) => {
    const { rotate, share } = apply(...events);
    store.sessions.requireRotation(rotate);
    encryptor.mustShare([...share, ...rotate]);
  };
  return {
    shares,
    asked,
    at,
    change,
    onShare: (work: () => void) => {
      duringShare = () => {
        duringShare = () => {};
        work();
      };
    },
    store,
    encryptor,
    encrypt: async () => (await encryptor.encrypt(ROOM, "m.room.message", {})).session_id,
    verify: async () => (await encryptor.encryptForVerification(ROOM, "m.key", {})).session_id,
  };
}

describe("a room's key", () => {
  it("is shared once, and again for whoever comes", async () => {
    const { encrypt, shares, change } = encryptorFor();
    expect([await encrypt(), await encrypt()]).toEqual(["session 1", "session 1"]);
    expect(shares).toEqual([[ALICE, BOB, OWN]]);
    change(member("@carol:example.org", "join"));
    expect(await encrypt()).toBe("session 1");
    expect(shares[1]).toEqual([ALICE, BOB, "@carol:example.org", OWN]);
  });

  it("reaches an invited person, whose devices nobody tells of: they are asked for before each event", async () => {
    const { encrypt, shares, asked, change } = encryptorFor();
    await encrypt();
    expect(asked).toEqual([]);
    change(member("@carol:example.org", "invite"));
    await encrypt();
    await encrypt();
    expect(asked).toEqual([["@carol:example.org"], ["@carol:example.org"]]);
    expect(shares.slice(1).map((users) => users.includes("@carol:example.org"))).toEqual([true, true]);
    change(member("@carol:example.org", "join"));
    await encrypt();
    await encrypt();
    expect(asked).toHaveLength(2);
    expect(shares).toHaveLength(4);
  });

  it("is another one after somebody has left", async () => {
    const { encrypt, shares, change } = encryptorFor();
    await encrypt();
    change(member(BOB, "leave"));
    expect(await encrypt()).toBe("session 2");
    expect(shares[1]).toEqual([ALICE, OWN]);
  });

  it("is not used if somebody leaves while it is on its way to them", async () => {
    const { encrypt, shares, change, onShare } = encryptorFor();
    onShare(() => change(member(BOB, "leave")));
    expect(await encrypt()).toBe("session 2");
    expect(shares).toEqual([
      [ALICE, BOB, OWN],
      [ALICE, OWN],
    ]);
  });

  it("is offered again after a while to a device that had no one-time key", async () => {
    let missing: Record<string, string> = { TABLET: "m.no_olm" };
    const { encrypt, shares, at } = encryptorFor(() => missing);
    await encrypt();
    missing = {}; // the engine says it once for each session
    await encrypt();
    expect(shares).toHaveLength(1);
    at.ms += MINUTE;
    await encrypt();
    await encrypt();
    expect(shares).toHaveLength(2);
    at.ms += MINUTE;
    await encrypt();
    expect(shares).toHaveLength(3);
  });

  it("is another one after its period", async () => {
    const { encrypt, at } = encryptorFor();
    await encrypt();
    at.ms += 11 * MINUTE;
    expect(await encrypt()).toBe("session 2");
  });
});

describe("a verification's event", () => {
  it("has a session of its own, which carries nothing before and nothing after it", async () => {
    const { encrypt, verify } = encryptorFor();
    expect(await encrypt()).toBe("session 1");
    expect([await verify(), await verify()]).toEqual(["session 2", "session 3"]);
    expect([await encrypt(), await encrypt()]).toEqual(["session 4", "session 4"]);
  });
});

describe("a key that is prepared", () => {
  it("is not shared again for the event", async () => {
    const { encryptor, encrypt, shares } = encryptorFor();
    await encryptor.prepare(ROOM);
    expect(await encrypt()).toBe("session 1");
    expect(shares).toHaveLength(1);
  });

  it("is not used once somebody who has it has left before the event", async () => {
    const { encryptor, encrypt, shares, change, store } = encryptorFor();
    await encryptor.prepare(ROOM);
    change(member(BOB, "leave"));
    expect(await encrypt()).toBe("session 2");
    expect(shares[1]).toEqual([ALICE, OWN]);
    expect(store.ledger.entries("session 2").map(({ userId }) => userId)).not.toContain(BOB);
  });
});

describe("a device that was missed", () => {
  it("is tried again without an event: when it is time, or its owner's devices change", async () => {
    let missing: Record<string, string> = { TABLET: "m.no_olm" };
    const { encryptor, encrypt, shares, at } = encryptorFor(() => missing);
    await encrypt();
    missing = {};
    await encryptor.heal();
    expect(shares).toHaveLength(1);
    encryptor.mustShare([ROOM]);
    await encryptor.heal();
    expect(shares).toHaveLength(2);
    at.ms += MINUTE;
    await encryptor.heal();
    expect(shares).toHaveLength(3);
  });

  it("gets no key that is at its end, and a room that misses nobody is left alone", async () => {
    const missed = encryptorFor(() => ({ TABLET: "m.no_olm" }));
    await missed.encrypt();
    missed.at.ms += 11 * MINUTE;
    await missed.encryptor.heal();
    expect(missed.shares).toHaveLength(1);
    const whole = encryptorFor(() => ({ TABLET: "m.unverified" }));
    await whole.encrypt();
    whole.encryptor.mustShare([ROOM]);
    await whole.encryptor.heal();
    expect(whole.shares).toHaveLength(1);
  });
});

describe("a device that the policy leaves out", () => {
  it("is a reason neither for a share nor for a session, however many events come", async () => {
    const { encrypt, shares, at } = encryptorFor(() => ({ TABLET: "m.unverified" }));
    const sessions = new Set<string>();
    for (let event = 0; event < 10; event += 1) {
      sessions.add(await encrypt());
      at.ms += MINUTE / 2;
    }
    expect([...sessions]).toEqual(["session 1"]);
    expect(shares).toHaveLength(1);
  });
});

describe("a member who was never there before", () => {
  it("holds the room under `hold`, whoever was there at the first share apart", async () => {
    const { encrypt, shares, change, store } = encryptorFor(undefined, { newMembers: "hold" });
    await encrypt();
    change(member("@carol:example.org", "join"));
    await expect(encrypt()).rejects.toMatchObject({ code: "MEMBER_NOT_ACCEPTED" });
    await expect(encrypt()).rejects.toThrow("@carol:example.org");
    expect(shares).toHaveLength(1);
    store.ledger.know(ROOM, ["@carol:example.org"], 1);
    await encrypt();
    expect(shares[1]).toContain("@carol:example.org");
  });

  it("is known from the first share on, under `send` too", async () => {
    const { encrypt, change, store } = encryptorFor();
    await encrypt();
    change(member("@carol:example.org", "join"));
    await encrypt();
    expect(store.ledger.newMembers(ROOM, [ALICE, "@carol:example.org", "@dave:example.org"])).toEqual([
      "@dave:example.org",
    ]);
  });
});
