import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { temporaryDirectory } from "../support/temporary.ts";

function database(): Database {
  const db = openDatabase(join(temporaryDirectory(), "sotto.sqlite"));
  onTestFinished(() => db.close());
  return db;
}
const put = (db: Database, name: string, bytes = 1): void =>
  void db.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", name, Buffer.alloc(bytes));
const names = (db: Database): unknown[] =>
  db.all("SELECT name FROM meta ORDER BY name").map(({ name }) => name);

describe("a transaction", () => {
  it("is all or nothing", () => {
    const db = database();
    const both = () => {
      put(db, "a");
      put(db, "b");
      return "done";
    };
    expect(db.transaction(both)).toBe("done");
    const half = () =>
      db.transaction(() => {
        put(db, "c");
        throw new Error("half-way");
      });
    expect(half).toThrow("half-way");
    expect(names(db)).toEqual(["a", "b"]);
  });

  it("inside another is part of it", () => {
    const db = database();
    const outer = () =>
      db.transaction(() => {
        db.transaction(() => put(db, "inner"));
        throw new Error("after the inner one");
      });
    expect(outer).toThrow("after the inner one");
    expect(names(db)).toEqual([]);
    db.transaction(() => put(db, "next"));
    expect(names(db)).toEqual(["next"]);
  });
});

describe("durability", () => {
  it("is that of a write-ahead log which every commit syncs, in one holder's hands", () => {
    const db = database();
    expect(db.get("PRAGMA journal_mode")).toEqual({ journal_mode: "wal" });
    expect(db.get("PRAGMA synchronous")).toEqual({ synchronous: 2 });
    expect(db.get("PRAGMA locking_mode")).toEqual({ locking_mode: "exclusive" });
  });
});

/** SQLite's own limit stands for the full disk: the same result code, without filling one. */
describe("a full disk", () => {
  const full = (): Database => {
    const db = database();
    put(db, "before", 5_000);
    const { page_count: pages } = db.get("PRAGMA page_count") as { page_count: number };
    db.get(`PRAGMA max_page_count = ${pages}`);
    return db;
  };
  const isFull = expect.objectContaining({ code: "DISK_FULL", exitCode: 3 });

  it("refuses a single write and loses nothing", () => {
    const db = full();
    expect(() => put(db, "too much", 100_000)).toThrow(isFull);
    expect(names(db)).toEqual(["before"]);
  });

  it("takes a transaction back as a whole, and goes on when there is space again", () => {
    const db = full();
    const work = () =>
      db.transaction(() => {
        put(db, "small");
        put(db, "too much", 100_000);
      });
    expect(work).toThrow(isFull);
    expect(names(db)).toEqual(["before"]);
    db.get("PRAGMA max_page_count = 100000");
    work();
    expect(names(db)).toEqual(["before", "small", "too much"]);
  });
});
