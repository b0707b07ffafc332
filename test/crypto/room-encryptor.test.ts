import { describe, expect, it } from "vitest";
import { type Machine, wasm } from "../../src/crypto/engine.ts";
import { RequestPump } from "../../src/crypto/requests.ts";
import { PolicyEncryptor } from "../../src/crypto/room-encryptor.ts";
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

function encryptorFor(withheld: () => Record<string, string> = () => ({})) {
  const store = openTestStore();
  const apply = (...events: ReturnType<typeof member>[]) =>
    store.transaction(() => store.rooms.apply(batch({ joined: [joined(events)] }), OWN));
  apply(state("m.room.encryption", { algorithm: MEGOLM }), member(OWN, "join"), member(ALICE, "join"));
  apply(member(BOB, "join"));
  const shares: string[][] = [];
  let sessions = 1;
  let messages = 0;
  let duringShare = () => {};
  const machine = {
    updateTrackedUsers: async () => {},
    outgoingRequests: async () => [],
    getIdentity: async () => undefined,
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
      return [new wasm.ToDeviceRequest("id", "m.room_key.withheld", "txn", body)];
    },
    encryptRoomEvent: async () =>
      JSON.stringify({
        algorithm: MEGOLM,
        session_id: `session ${sessions}`,
        ciphertext: megolmCiphertext(messages++),
      }),
  } as unknown as Machine;
  const at = { ms: 1_000_000 };
  const policy = { shareWith: "signed", rotation: { maxPeriodMs: 10 * MINUTE, maxMessages: 100 } } as const;
  const pump = new RequestPump(machine, { send: async () => "{}" });
  const encryptor = new PolicyEncryptor(machine, pump, store, ONLY_STORE, policy, () => at.ms);
  const change = (...events: ReturnType<typeof member>[]) => {
    const { rotate, share } = apply(...events);
    store.sessions.requireRotation(rotate);
    encryptor.mustShare([...share, ...rotate]);
  };
  return {
    shares,
    at,
    change,
    onShare: (work: () => void) => {
      duringShare = () => {
        duringShare = () => {};
        work();
      };
    },
    encrypt: async () => (await encryptor.encrypt(ROOM, "m.room.message", {})).session_id,
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
