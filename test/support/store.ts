import { generateKeyPairSync, sign } from "node:crypto";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { RoomEvent } from "../../src/model/event.ts";
import type { Job } from "../../src/model/job.ts";
import type { NewJob } from "../../src/model/outbox-store.ts";
import type { OneStore } from "../../src/model/ports.ts";
import type { RoomSync, SyncBatch } from "../../src/model/sync.ts";
import { type JobStore, openStore, type Store, type StoreOptions } from "../../src/store/index.ts";
import { temporaryDirectory } from "./temporary.ts";

export const OWN = "@voice:example.org";
export const ALICE = "@alice:example.org";
export const BOB = "@bob:example.org";
/** As room version 12 has them: no server name. */
export const ROOM = "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM";
export const OTHER_ROOM = "!kitchen";
export const MEGOLM = "m.megolm.v1.aes-sha2";

export const storeOptions = (path = join(temporaryDirectory(), "sotto.sqlite")): StoreOptions => ({
  path,
  key: Buffer.alloc(32, 7),
  userId: OWN,
  deviceId: "SOTTO1",
});

/** A real store in a file of its own, closed when the test is over. */
export function openTestStore(options: StoreOptions = storeOptions()): Store {
  const store = openStore(options);
  onTestFinished(() => {
    try {
      store.close();
    } catch {
      // the test has closed it
    }
  });
  return store;
}

let events = 0;

export function event(
  type: string,
  content: Record<string, unknown>,
  more: Partial<RoomEvent> = {},
): RoomEvent {
  events += 1;
  return { type, content, event_id: `$event${events}`, sender: ALICE, origin_server_ts: events, ...more };
}

export const state = (type: string, content: Record<string, unknown>, stateKey = ""): RoomEvent =>
  event(type, content, { state_key: stateKey });

export const member = (userId: string, membership: string): RoomEvent =>
  state("m.room.member", { membership }, userId);

export const joined = (timeline: RoomEvent[], more: Partial<RoomSync> = {}): RoomSync => ({
  roomId: ROOM,
  limited: false,
  prevBatch: undefined,
  state: [],
  timeline,
  ...more,
});

export const batch = (more: Partial<SyncBatch>): SyncBatch => ({
  nextBatch: "s1",
  joined: [],
  invited: [],
  left: [],
  accountData: [],
  toDevice: [],
  deviceLists: { changed: [], left: [] },
  oneTimeKeyCounts: {},
  unusedFallbackKeyTypes: undefined,
  raw: undefined,
  ...more,
});

/** Of a store that has no copies. */
export const ONLY_STORE: OneStore = {
  beforeUse: async () => undefined,
  beforeNew: async () => undefined,
  indexSpent: (sessionId) => new Error(`an index of ${sessionId} was spent before`),
};

/** As much of a Megolm message as says its index, below 128. */
export const megolmCiphertext = (index: number): string =>
  Buffer.from([3, 0x08, index, 0x12, 0]).toString("base64").replaceAll("=", "");

const unpadded = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64").replace(/=+$/, "");

/** A Megolm session with its private key: as much of its messages as says their index, below 128, and who made them. */
export function megolmSession() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const sessionId = unpadded(Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url"));
  return {
    sessionId,
    ciphertext(index: number): string {
      const message = Buffer.from([3, 0x08, index, 0x12, 0, ...new Uint8Array(8)]);
      return unpadded(Buffer.concat([message, sign(null, message, privateKey)]));
    },
  };
}
export type MegolmSession = ReturnType<typeof megolmSession>;

/** One message in a store's outbox. */
export const insertJob = ({ insert }: Pick<JobStore, "insert">, job: NewJob): Job => insert([job])[0]!;
