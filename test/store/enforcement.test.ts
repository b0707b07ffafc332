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
