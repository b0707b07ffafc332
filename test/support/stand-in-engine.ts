import { type Machine, wasm } from "../../src/crypto/engine.ts";
import { RequestPump } from "../../src/crypto/requests.ts";
import { PolicyEncryptor } from "../../src/crypto/room-encryptor.ts";
import type { SharingPolicy } from "../../src/crypto/sharing.ts";
import type { RoomId } from "../../src/model/ids.ts";
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
} from "./store.ts";

export const MINUTE = 60_000;
const DEVICE = {
  isCrossSignedByOwner: () => true,
  isVerified: () => false,
  isBlacklisted: () => false,
  isDehydrated: false,
  free() {},
};

/** An encryptor on a stand-in for the engine, which notes what it is asked for. */
export function encryptorFor(
  withheld: () => Record<string, string> = () => ({}),
  policy: Partial<SharingPolicy> = {},
) {
  const store = openTestStore();
  const shares: string[][] = [];
  const asked: string[][] = [];
  let sessions = 1;
  let requests = 0;
  let messages = 0;
  let duringShare = () => {};
  let duringRotation = () => {};
  const changedIdentities = new Set<string>();
  let raises = 0;
  const machine = {
    updateTrackedUsers: async () => {},
    queryKeysForUsers(users: wasm.UserId[]) {
      asked.push(users.map(String));
      return new wasm.KeysQueryRequest("query", "{}");
    },
    outgoingRequests: async () => [],
    userId: new wasm.UserId(OWN),
    deviceId: new wasm.DeviceId("SOTTO1"),
    getIdentity: async (userId: wasm.UserId) => ({
      hasVerificationViolation: () => changedIdentities.has(String(userId)),
      free() {},
    }),
    getDevice: async () => DEVICE,
    getUserDevices: async () => ({
      devices: () => [{ deviceId: "TABLET", ...DEVICE }],
      free() {},
    }),
    getMissingSessions: async () => null,
    markRequestAsSent: async () => true,
    async invalidateGroupSession() {
      sessions += 1;
      duringRotation();
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
  const start = () =>
    new PolicyEncryptor(
      machine,
      pump,
      store,
      {
        ...ONLY_STORE,
        beforeNew: async () => {
          raises += 1;
        },
      },
      { sharing: () => sharing, rotation },
      () => at.ms,
    );
  let encryptor = start();
  const changeIn = (roomId: RoomId, events: ReturnType<typeof member>[]) => {
    const { rotate, share } = store.transaction(() =>
      store.rooms.apply(batch({ joined: [joined(events, { roomId })] }), OWN),
    );
    store.sessions.requireRotation(rotate);
    encryptor.mustShare([...share, ...rotate]);
  };
  const change = (...events: ReturnType<typeof member>[]) => changeIn(ROOM, events);
  change(state("m.room.encryption", { algorithm: MEGOLM }), member(OWN, "join"), member(ALICE, "join"));
  change(member(BOB, "join"));
  return {
    shares,
    asked,
    at,
    change,
    changeIn,
    changedIdentities,
    raises: () => raises,
    onRotation: (work: () => void) => {
      duringRotation = () => {
        duringRotation = () => {};
        work();
      };
    },
    onShare: (work: () => void) => {
      duringShare = () => {
        duringShare = () => {};
        work();
      };
    },
    store,
    get encryptor() {
      return encryptor;
    },
    /** As a new process does, on the same store. */
    restart(changed: Partial<SharingPolicy> = {}) {
      Object.assign(sharing, changed);
      encryptor = start();
    },
    encrypt: async () => (await encryptor.encrypt(ROOM, "m.room.message", {})).session_id,
    verify: async () => (await encryptor.encryptForVerification(ROOM, "m.key", {})).session_id,
  };
}
