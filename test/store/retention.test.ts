import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { MIGRATIONS } from "../../src/store/migrations.ts";
import {
  ALICE,
  batch,
  event,
  insertJob,
  joined,
  openTestStore,
  ROOM,
  storeOptions,
} from "../support/store.ts";

const LONG_AGO = 1_000;
const LATELY = 9_000;
/** Between the two. */
const LIMITS = { failedBefore: 5_000, historyBefore: 5_000 };
const NOW = 10_000;
const REFUSED = { code: "ROOM_FORBIDDEN", message: "no" };

const message = (txnId: string, createdMs: number) => ({
  txnId,
  roomId: ROOM,
  state: "uploaded" as const,
  contentJson: "{}",
  createdMs,
});

describe("what is kept for a while only", () => {
  it("is a message that was given up, counted from that day, and one that was sent", () => {
    const { jobs, spool, retention } = openTestStore();
    const [old, late, sent, fresh, waited, waiting] = [
      insertJob(jobs, message("given up long ago", LONG_AGO)),
      insertJob(jobs, message("given up lately", LONG_AGO)),
      insertJob(jobs, message("sent long ago", LONG_AGO)),
      insertJob(jobs, message("sent lately", LATELY)),
      insertJob(jobs, message("sent lately, after it had waited for long", LONG_AGO)),
      insertJob(jobs, message("waits", LONG_AGO)),
    ] as const;
    jobs.failed(old, REFUSED, LONG_AGO);
    jobs.failed(late, REFUSED, LATELY);
    jobs.sent(sent.jobId, "$old", LONG_AGO);
    jobs.sent(fresh.jobId, "$new", LATELY);
    jobs.sent(waited.jobId, "$waited", LATELY);
    const coming = "not accepted yet";
    for (const txnId of [waiting.txnId, coming]) spool.append(txnId, Buffer.alloc(7));
    retention.prune(LIMITS, NOW);
    expect([waiting.txnId, coming].map((txnId) => spool.size(txnId))).toEqual([7, 7]);
    const left = [late, fresh, waited, waiting].map(({ txnId }) => txnId);
    expect(jobs.list(9).map(({ txnId }) => txnId)).toEqual(left.toReversed());
    expect(jobs.get(waiting.jobId)).toEqual(waiting);
    expect(retention.prunedMs()).toBe(NOW);
  });

  it("is the ledger of a session, as a whole, that is not in use and of which no message is known", () => {
    const { ledger, sessions, jobs, retention, rooms } = openTestStore();
    const share = (sessionId: string, deviceId: string, atMs: number): void => {
      ledger.record(ROOM, [{ userId: ALICE, deviceId, outcome: "shared" }], atMs);
      ledger.settle(ROOM, sessionId, 0);
    };
    for (const sessionId of ["at rest", "in use", "of a message", "healed"]) share(sessionId, "A", LONG_AGO);
    share("healed", "B", LATELY);
    sessions.countMessage(ROOM, "in use", LONG_AGO);
    const frozen = { eventJson: "{}", sessionId: "of a message", messageIndex: 0, firstPutMs: LONG_AGO };
    jobs.freeze(insertJob(jobs, message("waits", LONG_AGO)), frozen);
    // of a session that has no message yet
    rooms.apply(batch({ joined: [joined([])] }), ALICE);
    ledger.record(ROOM, [{ userId: ALICE, deviceId: "A", outcome: "shared" }], LONG_AGO);
    retention.prune(LIMITS, NOW);
    const left = (key: string) => ledger.entries(key).map(({ deviceId }) => deviceId);
    expect(left("at rest")).toEqual([]);
    expect([left("in use"), left("of a message"), left("healed")]).toEqual([["A"], ["A"], ["A", "B"]]);
    expect(ledger.isOpen(ROOM)).toBe(true);
  });
});

describe("a replay", () => {
  it("is refused for ever, also of a session at rest; what never came may still come", () => {
    const options = storeOptions();
    const { sessions, retention, close } = openTestStore(options);
    for (const index of [0, 1, 2, 7, 0xffff_ffff]) sessions.claimIndex("s", index, `$${index}`, LONG_AGO);
    retention.prune(LIMITS, NOW);
    close();
    const again = openTestStore(options);
    for (const index of [0, 1, 2, 7, 0xffff_ffff]) {
      expect(again.sessions.claimIndex("s", index, "$replay", LATELY)).toBe(false);
      expect(again.sessions.claimIndex("s", index, `$${index}`, LATELY)).toBe(false);
    }
    expect(again.sessions.claimIndex("s", 4, "$late", LONG_AGO)).toBe(true);
    expect(again.sessions.claimIndex("s", 4, "$late", LATELY)).toBe(true);
    again.retention.prune(LIMITS, NOW);
    for (const index of [1, 4, 7]) expect(again.sessions.claimIndex("s", index, "$replay")).toBe(false);
    expect(again.sessions.claimIndex("s", 3, "$third")).toBe(true);
  });

  it("is told from the event itself while the session is used, or an event of it waits", () => {
    const { sessions, inbox, retention } = openTestStore();
    sessions.claimIndex("used", 0, "$first", LONG_AGO);
    sessions.claimIndex("used", 1, "$second", LATELY);
    sessions.claimIndex("waits", 0, "$waiting", LONG_AGO);
    inbox.add(ROOM, event("m.room.encrypted", { session_id: "waits" }, { event_id: "$waiting" }), LONG_AGO);
    retention.prune(LIMITS, NOW);
    expect(sessions.claimIndex("used", 0, "$first")).toBe(true);
    expect(sessions.claimIndex("waits", 0, "$waiting")).toBe(true);
    expect(sessions.claimIndex("used", 0, "$replay")).toBe(false);
    inbox.done("$waiting");
    retention.prune(LIMITS, NOW);
    expect(sessions.claimIndex("waits", 0, "$replay")).toBe(false);
  });

  it("of one of our own indexes never leaves: what was spent is never forgotten", () => {
    const { sessions, retention } = openTestStore();
    sessions.spendIndex("ours", 4);
    retention.prune({ failedBefore: NOW, historyBefore: NOW }, NOW);
    expect([sessions.nextIndex("ours"), sessions.spendIndex("ours", 4)]).toEqual([5, false]);
  });
});

it("an older store's time begins when it is brought forward", () => {
  const options = storeOptions();
  const old = new DatabaseSync(options.path);
  old.exec(`${MIGRATIONS.slice(0, 5).join(";")}; PRAGMA user_version = 5`);
  old.exec("INSERT INTO seen_index VALUES ('s', 0, '$first')");
  old.exec(`INSERT INTO job (txn_id, room_id, state, created_ms) VALUES ('t', '${ROOM}', 'failed', 1)`);
  old.close();
  const { sessions, jobs, retention } = openTestStore(options);
  retention.prune(LIMITS, NOW);
  expect(sessions.claimIndex("s", 0, "$first")).toBe(true);
  expect(jobs.list(9)).toHaveLength(1);
});
