import { expect, it } from "vitest";
import { loadConfig } from "../../../src/config/index.ts";
import { SottoError } from "../../../src/errors.ts";
import type { Fact } from "../../../src/model/facts.ts";
import type { OwnFacts } from "../../../src/model/own-facts.ts";
import type { Account } from "../../../src/service/account.ts";
import { Asking } from "../../../src/service/audit/asking.ts";
import { ownFacts } from "../../../src/service/audit/own.ts";
import { MINIMAL, writeConfig } from "../../support/config.ts";
import {
  ALICE,
  BOB,
  batch,
  event,
  insertJob,
  joined,
  OTHER_ROOM,
  openTestStore,
  ROOM,
} from "../../support/store.ts";

const STATUS = { exists: true, deviceSigned: true, changed: false, privateKeysHere: false, masterKey: "m" };
const BACKUP = { version: "3", trust: "signed", uploading: true, keyHere: false, sessions: 1, backedUp: 1 };

interface Change {
  yaml?: string;
  crypto?: object;
  fill?: (store: Account["store"]) => void;
}

async function read({ yaml = "", crypto = {}, fill }: Change = {}): Promise<Fact<OwnFacts>> {
  const store = openTestStore();
  fill?.(store);
  const account = {
    config: loadConfig({ files: [writeConfig(MINIMAL + yaml)], environment: {} }),
    store,
    crypto: {
      identityStatus: async () => STATUS,
      backup: { status: async () => BACKUP },
      heldRooms: async () => [],
      ...crypto,
    },
  } as unknown as Account;
  return ownFacts(account, new Asking(new AbortController().signal));
}

async function known(change?: Change): Promise<OwnFacts> {
  const facts = await read(change);
  if ("unread" in facts) throw new Error(facts.unread);
  return facts.value;
}

const fails = (code: "HOMESERVER_ERROR" | "STORE_DAMAGED") => async () => {
  throw new SottoError(code, "it did not answer");
};

it("tells identity, backup and settings as they are by default", async () => {
  expect(await known()).toEqual({
    userId: "@voice:example.org",
    deviceId: "SOTTO1",
    identity: { value: { exists: true, isDeviceSigned: true, hasChanged: false, arePrivateKeysHere: false } },
    backup: { value: { version: "3", isTrusted: true, isInUse: true } },
    recoveryDrilledMs: { value: null },
    settings: {
      shareWith: "signed",
      acceptFrom: "signed",
      rooms: {},
      rotation: { maxPeriodMs: 604_800_000, maxMessages: 100 },
      signals: { typing: false, receipts: false, reactions: false },
      requireSandbox: false,
      logLevel: "info",
    },
    withheld: [],
    held: [],
    undecryptable: {},
    deadLetters: 0,
    uncertain: 0,
  });
});

it("tells what the config says otherwise", async () => {
  const yaml = `
trust: { shareWith: all, acceptFrom: verified }
rooms: { "!one": { shareWith: signed }, "!two": { acceptFrom: all, acceptClear: true, newMembers: hold } }
rotation: { maxPeriod: 1h, maxMessages: 7 }
signals: { typing: true, reactions: true }
audio: { requireSandbox: true }
log: { level: debug }
`;
  expect((await known({ yaml })).settings).toEqual({
    shareWith: "all",
    acceptFrom: "verified",
    rooms: { "!one": { shareWith: "signed" }, "!two": { acceptFrom: "all", acceptClear: true } },
    rotation: { maxPeriodMs: 3_600_000, maxMessages: 7 },
    signals: { typing: true, receipts: false, reactions: true },
    requireSandbox: true,
    logLevel: "debug",
  });
});

it("knows no backup from one that nobody has made of ours", async () => {
  const backup = (status: object) => ({
    crypto: { backup: { status: async () => ({ ...BACKUP, ...status }) } },
  });
  expect((await known(backup({ version: undefined, trust: undefined }))).backup).toEqual({ value: null });
  expect((await known(backup({ trust: "refused", uploading: false }))).backup).toEqual({
    value: { version: "3", isTrusted: false, isInUse: false },
  });
});

it("tells what the homeserver did not answer, and the rest all the same", async () => {
  const facts = await known({ crypto: { identityStatus: fails("HOMESERVER_ERROR") } });
  expect(facts.identity).toEqual({ unread: "our identity could not be read: it did not answer" });
  expect(facts.backup).toHaveProperty("value");
  expect(await read({ crypto: { heldRooms: async () => Promise.reject(new Error("gone")) } })).toEqual({
    unread: "our own store could not be read: gone",
  });
  await expect(read({ crypto: { identityStatus: fails("STORE_DAMAGED") } })).rejects.toMatchObject({
    code: "STORE_DAMAGED",
  });
});

it("takes the last rehearsal that went well", async () => {
  const fill = ({ recovery }: Account["store"]) => {
    const good = recovery.beginDrill(1, undefined);
    recovery.endDrill(good, { finishedMs: 2_000, roomId: ROOM, eventId: "$canary", errorCode: undefined });
    const bad = recovery.beginDrill(3_000, undefined);
    recovery.endDrill(bad, {
      finishedMs: 4_000,
      roomId: undefined,
      eventId: undefined,
      errorCode: "TIMEOUT",
    });
  };
  expect((await known({ fill })).recoveryDrilledMs).toEqual({ value: 2_000 });
});

it("names the devices that lack the key in use, or the one shared after it", async () => {
  const device = (userId: string, deviceId: string, outcome: string) => ({ userId, deviceId, outcome });
  const fill = ({ ledger, sessions, rooms }: Account["store"]) => {
    rooms.apply(batch({ joined: [joined([])] }), "@voice:example.org");
    ledger.record(ROOM, [device(ALICE, "OLD", "m.no_olm")], 1);
    ledger.settle(ROOM, "before", 0);
    ledger.record(ROOM, [device(ALICE, "PHONE", "shared"), device(ALICE, "TABLET", "m.no_olm")], 2);
    ledger.record(ROOM, [{ userId: BOB, deviceId: null, outcome: "no-device" }], 2);
    ledger.settle(ROOM, "in use", 0);
    sessions.countMessage(ROOM, "in use", 2);
    ledger.record(ROOM, [device(ALICE, "TABLET", "shared"), device(ALICE, "NEW", "m.unverified")], 3);
    ledger.record(OTHER_ROOM, [device(ALICE, "ELSEWHERE", "m.no_olm")], 3);
  };
  expect((await known({ fill })).withheld).toEqual([
    { roomId: ROOM, userId: BOB, deviceId: null, code: "no-device", atMs: 2 },
    { roomId: ROOM, userId: ALICE, deviceId: "NEW", code: "m.unverified", atMs: 3 },
  ]);
});

it("counts messages that could not be decrypted, by room", async () => {
  const fill = ({ inbox }: Account["store"]) => {
    const waits = (roomId: string, eventId: string, why?: string) => {
      inbox.add(roomId, event("m.room.encrypted", { session_id: "s" }, { event_id: eventId }), 1);
      if (why) inbox.setReported(eventId, why);
    };
    waits(ROOM, "$1", "no-key-yet");
    waits(ROOM, "$2", "withheld");
    waits(ROOM, "$3", "key-from-backup"); // it was decrypted
    waits(ROOM, "$4"); // nobody has tried it
    waits(OTHER_ROOM, "$5", "backup-off");
  };
  expect((await known({ fill })).undecryptable).toEqual({ [ROOM]: 2, [OTHER_ROOM]: 1 });
});

it("tells messages that were given up from those that may have arrived", async () => {
  const fill = ({ jobs }: Account["store"]) => {
    const message = { roomId: ROOM, state: "uploaded" as const, contentJson: "{}", createdMs: 0 };
    insertJob(jobs, { ...message, txnId: "waits" });
    for (const [txnId, code] of [
      ["1", "SEND_UNCERTAIN"],
      ["2", "ROOM_FORBIDDEN"],
      ["3", "ROOM_FORBIDDEN"],
    ] as const)
      jobs.failed(insertJob(jobs, { ...message, txnId }), { code, message: "no" });
  };
  expect(await known({ fill })).toMatchObject({ deadLetters: 2, uncertain: 1 });
});
