import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, it } from "vitest";
import { openForeignDatabase } from "../../src/store/index.ts";

// What is found in one is shown by test/service/prove/.

const folder = mkdtempSync(join(tmpdir(), "sotto-foreign-"));
afterAll(() => rmSync(folder, { recursive: true }));
const newPath = (): string => join(folder, randomBytes(4).toString("hex"));

/** Another program, which waits for nobody. */
function program(journal: string) {
  const path = newPath();
  const database = new DatabaseSync(path, { timeout: 0 });
  database.exec(`PRAGMA journal_mode = ${journal}; CREATE TABLE kept (n INTEGER, text TEXT)`);
  const write = (n: number) => database.prepare("INSERT INTO kept VALUES (?, ?)").run(n, "x".repeat(1000));
  database.exec("BEGIN");
  for (let n = 0; n < 2_000; n += 1) write(n);
  database.exec("COMMIT");
  return { path, database, write };
}

describe.each(["WAL", "DELETE"])(
  "a SQLite database that its program uses, with its journal in mode %s,",
  (journal) => {
    it("is not locked while it is read: the program writes, tidies up and changes tables", async () => {
      const { path, database, write } = program(journal);
      const foreign = await openForeignDatabase(path);
      expect(await foreign.get("SELECT text FROM kept WHERE n = ?", "1")).toBeDefined();
      let parts = 0;
      for await (const part of foreign.rows()) {
        expect(part).toHaveProperty("rows");
        parts += 1;
        if (parts > 3) continue;
        write(10_000 + parts);
        if (journal === "WAL")
          expect(database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()).toMatchObject({ busy: 0 });
        database.exec(`CREATE TABLE made_${parts} (a); DROP TABLE made_${parts}; VACUUM`);
      }
      expect(parts).toBeGreaterThan(3);
      write(20_000);
      expect(await foreign.get("SELECT COUNT(*) AS count FROM kept WHERE n >= 10000")).toEqual({ count: 4 });
      await foreign.close();
      database.close();
    });

    it("is not changed by what is asked of it", async () => {
      const { path, database } = program(journal);
      const foreign = await openForeignDatabase(path);
      await expect(foreign.get("DELETE FROM kept")).rejects.toMatchObject({
        ...{ code: "DATABASE_UNREADABLE", exitCode: 3 },
        cause: { message: expect.stringContaining("readonly") as string },
      });
      expect(await foreign.get("SELECT COUNT(*) AS count FROM kept")).toEqual({ count: 2_000 });
      await foreign.close();
      database.close();
    });
  },
);

describe("it is said what cannot be read:", () => {
  it("a file that is not there", async () => {
    await expect(openForeignDatabase(newPath())).rejects.toMatchObject({ code: "DATABASE_UNREADABLE" });
  });

  it("a file that is something else", async () => {
    const path = newPath();
    writeFileSync(path, "INFO started\n".repeat(100));
    const foreign = await openForeignDatabase(path);
    const refusal = {
      ...{ code: "DATABASE_UNREADABLE", message: `cannot read ${path}` },
      ...{
        cause: { message: "file is not a database" },
        cure: expect.stringContaining("homeserver.yaml") as string,
      },
    };
    await expect(foreign.get("SELECT 1 FROM kept")).rejects.toMatchObject(refusal);
    await expect(Array.fromAsync(foreign.rows())).rejects.toMatchObject(refusal);
    await foreign.close();
  });
});
