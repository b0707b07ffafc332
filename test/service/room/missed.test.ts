import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../src/log.ts";
import { encryptBytes, voiceContent } from "../../../src/media/index.ts";
import type { LedgerEntry } from "../../../src/model/job.ts";
import type { Account } from "../../../src/service/account.ts";
import { MissedVoice, whoMissed } from "../../../src/service/room/missed.ts";
import type { Store } from "../../../src/store/index.ts";
import { outboxOn } from "../../support/faulty-ports.ts";
import {
  ALICE,
  BOB,
  batch,
  insertJob,
  joined,
  megolmCiphertext,
  member,
  OWN,
  openTestStore,
  ROOM,
  storeOptions,
} from "../../support/store.ts";

const { file } = await encryptBytes(Buffer.from("sound"));
const CONTENT = { ...voiceContent({ durationMs: 1, waveform: [], size: 5, file }), body: "missed" };

/** A process on a store: the homeserver gives back what was sent, and the engine reads it. */
function processOn(store: Store) {
  const { outbox, encryptor } = outboxOn(store);
  const account = {
    ...{ store, outbox, logger: silentLogger },
    config: { account: { userId: OWN } },
    rooms: {
      event: async (_room: string, eventId: string) => {
        const index = Number(eventId.slice(1));
        return { event_id: eventId, content: { session_id: "S", ciphertext: megolmCiphertext(index) } };
      },
    },
    crypto: { decrypt: async () => ({ sender: OWN, type: "m.room.message", content: CONTENT }) },
  } as unknown as Account;
  const missed = new MissedVoice(account);
  return {
    async look() {
      await missed.look();
      await outbox.settled();
      return encryptor.encrypted.length;
    },
  };
}

function send(store: Store, index: number, onMissed: "resend" | "leave" = "resend"): void {
  const common = {
    txnId: `t${index}`,
    roomId: ROOM,
    state: "uploaded" as const,
    contentJson: "{}",
    createdMs: 1,
  };
  const job = insertJob(store.jobs, {
    ...common,
    source: "mailbox",
    ...(onMissed === "resend" && { onMissed }),
  });
  store.jobs.freeze(job, { eventJson: "{}", sessionId: "S", messageIndex: index, firstPutMs: 1 });
  store.jobs.sent(job.jobId, `$${index}`);
}

const share = (store: Store, userId: string, outcome: string, settleAt: number): void => {
  store.ledger.record(ROOM, [{ userId, deviceId: "D", outcome }], 1);
  store.ledger.settle(ROOM, "S", settleAt);
};

function setUp() {
  const options = storeOptions();
  const store = openTestStore(options);
  const members = [OWN, ALICE, BOB].map((userId) => member(userId, "join"));
  store.rooms.apply(batch({ joined: [joined(members)] }), OWN);
  share(store, ALICE, "m.no_olm", 0);
  share(store, BOB, "shared", 0);
  return { store, options };
}

describe("a voice message of a route with `onMissed: resend`", () => {
  it("is sent again once when somebody whom it did not reach gets a key, and not before", async () => {
    const { store } = setUp();
    const { look } = processOn(store);
    send(store, 0);
    expect(await look()).toBe(0);
    share(store, ALICE, "shared", 1);
    expect(await look()).toBe(1);
    expect(await look()).toBe(1);
  });

  it("and not again by the next process, wherever the first had ended", async () => {
    const { store, options } = setUp();
    send(store, 0);
    await processOn(store).look();
    share(store, ALICE, "shared", 1);
    // it died between the new message and the note of it
    const { setOnMissed } = store.jobs;
    store.jobs.setOnMissed = () => undefined;
    expect(await processOn(store).look()).toBe(1);
    store.jobs.setOnMissed = setOnMissed;
    store.close();
    const next = openTestStore(options);
    expect(next.jobs.missable()).toHaveLength(1);
    expect(await processOn(next).look()).toBe(0);
    expect(next.jobs.missable()).toEqual([]);
  });

  it("is left as it is where its route says so, or everybody had it", async () => {
    const { store } = setUp();
    send(store, 0, "leave");
    share(store, ALICE, "shared", 1);
    send(store, 1);
    expect(await processOn(store).look()).toBe(0);
    expect(store.jobs.missable()).toEqual([]);
  });

  it("is not sent again for somebody who has left", async () => {
    const { store } = setUp();
    send(store, 0);
    await processOn(store).look();
    share(store, ALICE, "shared", 1);
    store.rooms.apply(batch({ joined: [joined([member(ALICE, "leave")])] }), OWN);
    expect(await processOn(store).look()).toBe(0);
  });

  it("is one of the last twenty, and these come in their order", async () => {
    const { store } = setUp();
    for (let index = 0; index < 25; index += 1) send(store, index);
    await processOn(store).look();
    share(store, ALICE, "shared", 25);
    expect(await processOn(store).look()).toBe(20);
  });
});

describe("who missed a message", () => {
  const entry = (userId: string, more: Partial<LedgerEntry>): LedgerEntry => ({
    ...{ userId, deviceId: "D", outcome: "shared", atMs: 1, fromIndex: 0, before: undefined },
    ...more,
  });

  it("is who was to have the key, and has no device that opens it", () => {
    const entries = [
      entry("@reads", {}),
      entry("@reads", { deviceId: "E", outcome: "m.no_olm", fromIndex: undefined }),
      entry("@none", { deviceId: null, outcome: "no-device", fromIndex: undefined }),
      entry("@later", { fromIndex: 5, before: "m.no_olm" }),
      entry("@came-later", { fromIndex: 5 }),
    ];
    expect(whoMissed(entries, 3)).toEqual(["@none", "@later"]);
    expect(whoMissed(entries, 5)).toEqual(["@none"]);
  });
});
