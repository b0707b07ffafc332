import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ForeignDatabase, openForeignDatabase } from "../../src/store/index.ts";
import { latin1, readAll } from "../support/foreign-rows.ts";
import { heldBytes } from "../support/memory.ts";
import { noPostgres, type Postgres, startPostgres } from "../support/postgres.ts";

if (noPostgres) console.warn(`skipped: how PostgreSQL is read: ${noPostgres}`);

describe.skipIf(noPostgres)("PostgreSQL is read", () => {
  let server: Postgres;
  let database: ForeignDatabase;
  /** As who may do everything. */
  let execute: (sql: string, values?: unknown[]) => Promise<unknown>;
  const opened: ForeignDatabase[] = [];

  beforeAll(async () => {
    server = await startPostgres();
    const client = await server.connect();
    execute = (sql, values) => client.query(sql, values);
    await execute(`CREATE ROLE reader LOGIN PASSWORD 'reader' IN ROLE pg_read_all_data;
      CREATE ROLE nobody LOGIN PASSWORD 'nobody'`);
    return () => client.end();
  }, 60_000);
  afterAll(() => server?.stop(), 60_000);

  beforeEach(async () => {
    await execute(`DROP SCHEMA IF EXISTS other CASCADE; DROP SCHEMA public CASCADE;
      CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC`);
    await execute("SELECT lo_unlink(oid) FROM pg_largeobject_metadata");
    database = await open("postgres", server.password);
  });
  afterEach(() => Promise.all(opened.splice(0).map((one) => one.close())));

  async function open(user: string, password: string): Promise<ForeignDatabase> {
    const one = await openForeignDatabase(server.url(user), { password });
    opened.push(one);
    return one;
  }

  const read = (from = database) => readAll(from);
  const utf8 = (text: string): string => latin1(Buffer.from(text));

  it("value by value, whatever its type: bytes as they are, the rest as the server writes it", async () => {
    await execute(`
      CREATE DOMAIN blob AS bytea; CREATE TYPE mood AS ENUM ('glad'); CREATE TYPE pair AS (one text, two bytea);
      CREATE TABLE kinds (a bytea, b blob, c text, d jsonb, e json, f text[], g mood, h pair, i int8, j bool, k timestamptz,
        l varchar(9), m tsvector, n uuid, o text GENERATED ALWAYS AS ('made of ' || c) STORED, p xml, q text)`);
    await execute(`INSERT INTO kinds VALUES ('\\x00ff5c', '\\x01fe', 'é', '{"b":[1,2],"a":"x"}', '{"b":  1}', '{x,"y z"}', 'glad',
      ROW('in','\\x02'), 42, true, '2026-11-23T00:00Z', 'nine', 'canary:1', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', DEFAULT, '<a/>', NULL)`);
    const { tables, unread } = await read();
    expect(unread).toEqual({});
    expect(tables.kinds!.toSorted()).toEqual(
      [
        ...["\x00\xff\\", "\x01\xfe", utf8("é"), '{"a": "x", "b": [1, 2]}', '{"b":  1}', '{x,"y z"}', "glad"],
        ...['(in,"\\\\x02")', "42", "true", "2026-11-23 00:00:00+00", "nine", "'canary':1", "<a/>"],
        ...["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", utf8("made of é")],
      ].toSorted(),
    );
  });

  it("table by table: partitions and heirs once, other schemas, odd names, materialized views, none without columns", async () => {
    await execute(`
      CREATE SCHEMA other; CREATE TABLE other.t (a text); INSERT INTO other.t VALUES ('elsewhere');
      CREATE TABLE "Odd ""name; --" ("a ""column" text, gone text); INSERT INTO "Odd ""name; --" VALUES ('odd', 'gone');
      ALTER TABLE "Odd ""name; --" DROP COLUMN gone;
      CREATE TABLE parted (a int, b text) PARTITION BY LIST (a); CREATE TABLE part PARTITION OF parted FOR VALUES IN (1);
      INSERT INTO parted VALUES (1, 'once');
      CREATE TABLE parent (a text); CREATE TABLE heir () INHERITS (parent); INSERT INTO heir VALUES ('inherited');
      CREATE UNLOGGED TABLE unlogged (a text); INSERT INTO unlogged VALUES ('not logged');
      CREATE MATERIALIZED VIEW seen AS SELECT 'kept of a view' AS a;
      CREATE TABLE nothing (); INSERT INTO nothing DEFAULT VALUES`);
    const { tables, unread } = await read();
    expect(unread).toEqual({});
    expect(tables).toEqual({
      "other.t": ["elsewhere"],
      'Odd "name; --': ["odd"],
      part: expect.arrayContaining(["once"]) as string[],
      heir: ["inherited"],
      unlogged: ["not logged"],
      seen: ["kept of a view"],
      nothing: [],
    });
    expect(tables.part).toHaveLength(2);
  });

  it("row by row, in as many batches as it takes", async () => {
    await execute("CREATE TABLE many AS SELECT 'row ' || n AS a FROM generate_series(1, 1234) AS n");
    expect((await read()).tables.many).toEqual(Array.from({ length: 1234 }, (_, at) => `row ${at + 1}`));
  });

  describe("as it is by then, whatever was done since the tables were listed:", () => {
    beforeEach(() => execute("CREATE TABLE first AS SELECT 'before' AS a"));

    it.each([
      ["dropped", "DROP TABLE second", {}],
      ["renamed", "ALTER TABLE second RENAME TO third", { third: ["kept"] }],
      ["moved", "CREATE SCHEMA other; ALTER TABLE second SET SCHEMA other", { "other.second": ["kept"] }],
      [
        "renamed, with another in its place",
        "ALTER TABLE second RENAME TO third; CREATE TABLE second AS SELECT 'new' AS a",
        { second: ["new"], third: ["kept"] },
      ],
      [
        "dropped with its schema",
        "CREATE SCHEMA other; ALTER TABLE second SET SCHEMA other; DROP SCHEMA other CASCADE",
        {},
      ],
      [
        "altered",
        "ALTER TABLE second ADD COLUMN b text DEFAULT 'other', DROP COLUMN a",
        { second: ["other"] },
      ],
    ])("a table that is %s", async (_done, change, expected) => {
      await execute("CREATE TABLE second AS SELECT 'kept' AS a");
      const { tables, unread } = await readAll(database, () => execute(change));
      expect(unread).toEqual({});
      expect(tables).toEqual({ first: ["before"], ...expected });
    });

    it("a table that is written anew while we wait for it", async () => {
      await execute("CREATE TABLE second AS SELECT 'kept' AS a");
      await execute("BEGIN; ALTER TABLE second ALTER a TYPE varchar(9)");
      const reading = read();
      await expect
        .poll(() => execute("SELECT FROM pg_locks WHERE NOT granted"))
        .toHaveProperty("rows.length", 1);
      await execute("COMMIT");
      expect(await reading).toEqual({ tables: { first: ["before"], second: ["kept"] }, unread: {} });
    });
  });

  it("until tables have come again and again; then it is said what was not", async () => {
    let made = 0;
    const makeOne = () => execute(`CREATE TABLE made${++made} AS SELECT 'x' AS a`);
    await makeOne();
    const { tables, unread } = await read({
      ...database,
      async *rows() {
        for await (const part of database.rows()) {
          if ("rows" in part) await makeOne();
          yield part;
        }
      },
    });
    expect(Object.keys(unread)).toEqual([`made${made}`]);
    expect(Object.keys(tables)).toHaveLength(made);
  });

  it("long values in pieces, packed by the server or not; again if need be", async () => {
    const random = randomBytes(3_000_000);
    const text = "é and what follows it ".repeat(200_000);
    await execute("CREATE TABLE long (a bytea, b text, c jsonb, d text)");
    await execute("INSERT INTO long VALUES ($1, $2, $3, 'short')", [random, text, JSON.stringify([text])]);
    await execute("INSERT INTO long VALUES ($1, $2)", [Buffer.alloc(65_536, 7), "x".repeat(65_537)]);
    const { tables, unread } = await read();
    expect(unread).toEqual({});
    const expected = [
      random,
      text,
      JSON.stringify([text]),
      "short",
      Buffer.alloc(65_536, 7),
      "x".repeat(65_537),
    ];
    const written = expected.map((value) => latin1(Buffer.from(value as Buffer)));
    expect(new Set(tables.long)).toEqual(new Set(written));
    const sizes: number[] = [];
    for await (const part of database.rows()) {
      if (!("long" in part)) continue;
      for await (const piece of part.long()) {
        sizes.push(piece.length);
        break;
      }
      expect(Buffer.concat(await Array.fromAsync(part.long())).length).toBeGreaterThan(65_536);
    }
    expect(Math.max(...sizes)).toBe(1024 * 1024);
  });

  it("large objects too", async () => {
    const bytes = randomBytes(2_500_000);
    await execute("SELECT lo_from_bytea(4711, $1), lo_from_bytea(4712, '')", [bytes]);
    const { tables } = await read();
    expect(tables).toEqual({ "pg_largeobject 4711": [latin1(bytes)], "pg_largeobject 4712": [""] });
  });

  it("without holding much of it", async () => {
    await execute(
      "CREATE TABLE wide AS SELECT repeat(md5(n::text), 1000) AS a FROM generate_series(1, 1000) AS n",
    );
    await execute("CREATE TABLE whole AS SELECT repeat('0123456789abcdef', 2 * 1024 * 1024) AS a");
    const before = heldBytes();
    let most = 0;
    let bytes = 0;
    let measuredAt = 0;
    for await (const part of database.rows()) {
      const read = "long" in part ? part.long() : "rows" in part ? part.rows.flat() : [];
      for await (const piece of read) {
        bytes += piece.length;
        if (bytes - measuredAt < 4 * 1024 * 1024) continue;
        measuredAt = bytes;
        most = Math.max(most, heldBytes());
      }
    }
    expect(bytes).toBe(1000 * 32_000 + 32 * 1024 * 1024);
    expect(most - before).toBeLessThan(32 * 1024 * 1024);
  });

  describe("and it is said what of it is not:", () => {
    it("a table without rights, while the others are read", async () => {
      await execute(
        "CREATE TABLE open (a text); INSERT INTO open VALUES ('seen'); GRANT SELECT ON open TO nobody",
      );
      await execute(
        "CREATE TABLE closed (a text); CREATE TABLE half (a text, b text); GRANT SELECT (a) ON half TO nobody",
      );
      const { tables, unread } = await read(await open("nobody", "nobody"));
      expect(tables.open).toEqual(["seen"]);
      const denied = (name: string) =>
        `permission denied for table ${name}: GRANT pg_read_all_data TO "nobody"`;
      expect(unread).toEqual({ closed: denied("closed"), half: denied("half") });
      expect((await read(await open("reader", "reader"))).unread).toEqual({});
    });

    it("rows that a policy hides", async () => {
      await execute("CREATE TABLE hidden (a text); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY");
      const { unread } = await read(await open("reader", "reader"));
      expect(unread).toEqual({ hidden: expect.stringMatching(/row-level security.*BYPASSRLS/) as string });
      expect((await read()).unread).toEqual({});
    });

    it("what lies in another database", async () => {
      await execute(
        "CREATE EXTENSION IF NOT EXISTS file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw",
      );
      await execute("CREATE FOREIGN TABLE far (a text) SERVER files OPTIONS (filename '/etc/hostname')");
      expect((await read()).unread).toEqual({ far: "its rows lie in another database" });
    });

    it("a large object of others", async () => {
      await execute("SELECT lo_from_bytea(4713, 'bytes')");
      await expect(read(await open("nobody", "nobody"))).rejects.toMatchObject({
        code: "DATABASE_UNREADABLE",
        cause: { message: "permission denied for large object 4713" },
      });
    });

    it("all, when the connection is lost", async () => {
      await execute("CREATE TABLE many AS SELECT n::text AS a FROM generate_series(1, 5000) AS n");
      await execute("CREATE TABLE next (a text)");
      const reading = (async () => {
        for await (const _part of database.rows())
          await execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sotto'",
          );
      })();
      await expect(reading).rejects.toMatchObject({
        ...{ code: "DATABASE_UNREADABLE", cure: expect.stringContaining("database's log") as string },
        cause: { message: expect.stringMatching(/terminat|not queryable/) as string },
      });
    });
  });

  describe("and nothing is done to it:", () => {
    it("what we say can change nothing", async () => {
      await execute("CREATE TABLE kept (a text); INSERT INTO kept VALUES ('as it was')");
      const change = database.get("DELETE FROM kept WHERE a = ?", "as it was");
      const cause = { message: expect.stringContaining("read-only transaction") as string };
      await expect(change).rejects.toMatchObject({ code: "DATABASE_UNREADABLE", cause });
      expect(await database.get("SELECT a FROM kept WHERE a = ?", "as it was")).toEqual({ a: "as it was" });
    });

    it("no function of its users runs with our rights", async () => {
      await execute(`
        CREATE TYPE trap AS (a text); CREATE TABLE trapped (a trap, b text); INSERT INTO trapped VALUES (ROW('x'), 'y');
        CREATE FUNCTION spring(trap) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'it ran as %', current_user; END $$;
        CREATE CAST (trap AS text) WITH FUNCTION spring(trap) AS ASSIGNMENT;
        CREATE FUNCTION format(text, trap) RETURNS text LANGUAGE sql AS $$ SELECT spring($2) $$;
        CREATE FUNCTION octet_length(varchar) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'it ran'; END $$`);
      expect(await read()).toEqual({
        tables: { trapped: expect.arrayContaining(["(x)", "y"]) as string[] },
        unread: {},
      });
    });

    it("nothing stays open behind us: no transaction, no cursor, also where the reader stops early", async () => {
      await execute("CREATE TABLE many AS SELECT repeat('x', 70000) AS a FROM generate_series(1, 500) AS n");
      for await (const part of database.rows()) {
        if (!("long" in part)) continue;
        for await (const _piece of part.long()) break;
        break;
      }
      await execute("DROP TABLE many");
      expect((await read()).tables).toEqual({});
    });
  });

  it("a question has the first row for an answer, with numbers as numbers; none where there is no such table", async () => {
    await execute(
      "CREATE TABLE kept (a text, n bigint); INSERT INTO kept VALUES ('x', 1700000000000), ('y', 2)",
    );
    expect(await database.get("SELECT a, n FROM kept WHERE a = ?", "x")).toEqual({
      a: "x",
      n: 1_700_000_000_000,
    });
    expect(await database.get("SELECT COUNT(*) AS count FROM kept")).toEqual({ count: 2 });
    expect(await database.get("SELECT a FROM kept WHERE a = ?", "'; DROP TABLE kept")).toBeUndefined();
    expect(await database.get("SELECT a FROM nowhere")).toBeUndefined();
    expect(await database.get("SELECT nothing FROM kept")).toBeUndefined();
  });
});
