import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import type { Step } from "../../src/model/enforcement.ts";
import { openStore } from "../../src/store/index.ts";
import { ALICE, BOB, OTHER_ROOM, openTestStore, ROOM, storeOptions } from "../support/store.ts";

const step = (id: string, roomId = ROOM): Step => ({
  ...{ id, roomId, what: "set the join rule", reversible: true, needs: 50, has: 100 },
  request: {
    kind: "state",
    type: "m.room.join_rules",
    before: { join_rule: "as it was before" },
    after: { join_rule: "invite" },
  },
});

describe("what was enforced", () => {
  it("is there again after the process, the newest first, by room; and nobody reads it without the key", () => {
    const options = storeOptions();
    const store = openStore(options);
    const first = store.enforcement.begin(step("one"), 1);
    store.enforcement.begin(step("elsewhere", OTHER_ROOM), 2);
    store.enforcement.begin(step("two"), 3);
    store.enforcement.end(first, "done");
    store.close();
    const raw = new DatabaseSync(options.path);
    const rows = raw.prepare("SELECT CAST(sealed_step AS TEXT) AS text FROM enforcement").all();
    raw.close();
    expect(rows).toHaveLength(3);
    expect(JSON.stringify(rows)).not.toContain("as it was before");
    expect(openTestStore(options).enforcement.records(ROOM)).toMatchObject([
      { state: "begun", step: step("two"), atMs: 3 },
      { state: "done", step: step("one"), atMs: 1 },
    ]);
  });
});

describe("what is kept of what was enforced", () => {
  const LIMITS = { failedBefore: 0, historyBefore: 5_000 };

  it("is what can still be taken back, and for a while the rest", () => {
    const { enforcement, retention } = openTestStore();
    const done = (id: string, atMs: number, reversible: boolean, end?: "done" | "failed" | "undone") => {
      const number = enforcement.begin({ ...step(id), reversible }, atMs);
      if (end) enforcement.end(number, end);
    };
    done("begun", 1_000, true);
    done("done", 1_000, true, "done");
    done("failed", 1_000, true, "failed");
    done("undone", 1_000, true, "undone");
    done("for ever", 1_000, false, "done");
    done("failed lately", 9_000, true, "failed");
    done("for ever, lately", 9_000, false, "done");
    retention.prune(LIMITS, 10_000);
    const left = enforcement.records(ROOM).map((record) => record.step.id);
    expect(left.toReversed()).toEqual(["begun", "done", "failed lately", "for ever, lately"]);
  });

  it("is no more than a hundred old steps of a room, the newest ones", () => {
    const { enforcement, retention } = openTestStore();
    enforcement.end(enforcement.begin(step("elsewhere", OTHER_ROOM), 1_000), "done");
    for (let at = 0; at < 105; at += 1) {
      enforcement.end(enforcement.begin(step(`old ${at}`), 1_000 + at), "done");
      enforcement.begin({ ...step("for ever"), reversible: false }, 1_000);
    }
    retention.prune(LIMITS, 10_000);
    const left = enforcement.records(ROOM).map((record) => record.step.id);
    expect(left).toHaveLength(100);
    expect([left[0], left.at(-1)]).toEqual(["old 104", "old 5"]);
    expect(enforcement.records(OTHER_ROOM)).toHaveLength(1);
    enforcement.begin(step("next"), 20_000);
    expect(enforcement.records(ROOM)[0]!.step.id).toBe("next");
  });
});

describe("who was warned", () => {
  it("is counted from the first notice, by room and user, until it is forgiven", () => {
    const { enforcement } = openTestStore();
    enforcement.warned(ROOM, ALICE, 10);
    enforcement.warned(ROOM, BOB, 15);
    enforcement.warned(ROOM, ALICE, 20);
    enforcement.forgive(ROOM, BOB);
    expect(enforcement.warnings()).toEqual([
      { roomId: ROOM, userId: ALICE, firstMs: 10, lastMs: 20, count: 2 },
    ]);
    enforcement.forgive(ROOM, ALICE);
    enforcement.warned(ROOM, ALICE, 30);
    expect(enforcement.warnings()).toMatchObject([{ firstMs: 30, count: 1 }]);
  });
});
