import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { openIndexedDB } from "../src/index.ts";
import { done, ended, openDatabase, temporaryPath } from "./support.ts";

/** Turns a file into what version 1 of the format was: the records' values lay in the tree of their keys. */
function makeVersion1(path: string): void {
  using file = new DatabaseSync(path);
  file.exec(`
    ALTER TABLE record RENAME TO new_record;
    CREATE TABLE record (
      store_id INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (store_id, key)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO record SELECT store_id, key, value FROM new_record;
    DROP TABLE new_record;
    PRAGMA user_version = 1;
  `);
}

test("a file of format 1 is brought up when it is opened, with all that is in it", async () => {
  const path = temporaryPath();
  {
    using store = openIndexedDB(path);
    const database = await openDatabase(store, (db) => db.createObjectStore("note").createIndex("by", "by"));
    const transaction = database.transaction("note", "readwrite");
    transaction.objectStore("note").put({ by: "alice", text: "x".repeat(20_000) }, [1, "a"]);
    transaction.objectStore("note").put({ by: "bob", text: "" }, "b");
    expect(await ended(transaction)).toBe("complete");
  }
  makeVersion1(path);
  for (const text of ["", "again"]) {
    using store = openIndexedDB(path);
    const database = await openDatabase(store, () => expect.unreachable("the database is there already"));
    const transaction = database.transaction("note", "readwrite");
    const notes = transaction.objectStore("note");
    expect(await done(notes.get([1, "a"]))).toEqual({ by: "alice", text: "x".repeat(20_000) });
    expect(await done(notes.index("by").getAll("bob"))).toEqual([{ by: "bob", text }]);
    notes.put({ by: "bob", text: "again" }, "b");
    expect(await ended(transaction)).toBe("complete");
  }
});
