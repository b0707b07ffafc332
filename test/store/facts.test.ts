import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { openStore } from "../../src/store/index.ts";
import {
  ALICE,
  BOB,
  batch,
  event,
  joined,
  OTHER_ROOM,
  openTestStore,
  ROOM,
  storeOptions,
} from "../support/store.ts";

const NEVER = { count: 0, latest: undefined };
const JSON_OF_ROOM = '{"state":"as it was read"}';

describe("facts that audits have read", () => {
  it("are there again after the process, and nobody can read them without the key", () => {
    const options = storeOptions();
    const store = openStore(options);
    store.facts.put("room", ROOM, store.facts.changes("room", ROOM), JSON_OF_ROOM);
    store.close();
    const raw = new DatabaseSync(options.path);
    const rows = JSON.stringify(raw.prepare("SELECT CAST(sealed_facts AS TEXT) AS text FROM fact").all());
    raw.close();
    expect(rows).not.toContain("as it was read");
    expect(openTestStore(options).facts.get("room", ROOM)).toBe(JSON_OF_ROOM);
  });

  it.each([
    ["an event in the room", batch({ joined: [joined([])] }), "room", ROOM],
    ["an event in a room that was left", batch({ left: [joined([])] }), "room", ROOM],
    ["a user's devices", batch({ deviceLists: { changed: [ALICE], left: [] } }), "user", ALICE],
    [
      "a user who shares no room any more",
      batch({ deviceLists: { changed: [], left: [ALICE] } }),
      "user",
      ALICE,
    ],
  ] as const)("are gone when sync tells of %s, and those of others stay", (_what, told, about, id) => {
    const { facts } = openTestStore();
    const others = [
      ["room", OTHER_ROOM],
      ["user", BOB],
    ] as const;
    for (const [kind, whose] of [[about, id] as const, ...others])
      facts.put(kind, whose, NEVER, JSON_OF_ROOM);
    facts.mark(told);
    expect(facts.get(about, id)).toBeUndefined();
    for (const [kind, whose] of others) expect(facts.get(kind, whose)).toBe(JSON_OF_ROOM);
  });

  it("are not kept when sync told of a change while they were read", () => {
    const { facts } = openTestStore();
    const before = facts.changes("room", ROOM);
    facts.mark(batch({ joined: [joined([])] }));
    facts.put("room", ROOM, before, JSON_OF_ROOM);
    expect(facts.get("room", ROOM)).toBeUndefined();
    facts.put("room", ROOM, facts.changes("room", ROOM), JSON_OF_ROOM);
    expect(facts.get("room", ROOM)).toBe(JSON_OF_ROOM);
  });

  it("stand beside the newest event that sync has told of", () => {
    const { facts } = openTestStore();
    const [first, second] = [event("m.room.encrypted", {}), event("m.room.encrypted", {})];
    facts.mark(batch({ joined: [joined([first, second])] }));
    facts.put("room", ROOM, facts.changes("room", ROOM), JSON_OF_ROOM);
    facts.mark(batch({ joined: [joined([])] }));
    expect(facts.changes("room", ROOM)).toEqual({ count: 2, latest: second.event_id });
  });

  it("go back with the batch that is taken back", () => {
    const { facts, transaction } = openTestStore();
    facts.put("room", ROOM, NEVER, JSON_OF_ROOM);
    const failing = () =>
      transaction(() => {
        facts.mark(batch({ joined: [joined([])] }));
        throw new Error("the batch was not applied");
      });
    expect(failing).toThrow("not applied");
    expect(facts.get("room", ROOM)).toBe(JSON_OF_ROOM);
    expect(facts.changes("room", ROOM)).toEqual(NEVER);
  });
});
