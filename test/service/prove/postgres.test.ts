import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openHomeserverDatabase } from "../../../src/service/homeserver-database.ts";
import { openPlaces, prove } from "../../../src/service/prove/prove.ts";
import { madeUpCanary } from "../../support/canary.ts";
import { noPostgres, type Postgres, startPostgres } from "../../support/postgres.ts";

// What of a PostgreSQL is found, and what is said where it cannot be looked through. With a real Synapse on it:
// test/e2e/postgres.test.ts.

const PASSWORD = "hush-hush-database";
const folder = mkdtempSync(join(tmpdir(), "sotto-prove-postgres-"));
const passwordFile = join(folder, "password");
const log = join(folder, "homeserver.log");
const encrypted = madeUpCanary();
const control = madeUpCanary();
writeFileSync(passwordFile, `${PASSWORD}\n`);
writeFileSync(log, `GET ${control.title}\n`);
afterAll(() => rmSync(folder, { recursive: true }));

/** As `sotto prove` does it, beside a log that shows the control. */
async function look(database: string, databasePasswordFile = passwordFile) {
  const places = { database, databasePasswordFile, logs: [log] };
  const options = { timeoutMs: 0, signal: AbortSignal.timeout(60_000), onPlace: () => undefined };
  const report = await prove({ encrypted, control }, await openPlaces(places), places, options);
  expect(report.places.map(({ result }) => result).slice(1)).toEqual(["not-checked", "pass"]);
  expect(JSON.stringify(report)).not.toContain(PASSWORD);
  return report;
}

async function unread(database: string, databasePasswordFile?: string) {
  const { places, hits, known } = await look(database, databasePasswordFile);
  expect({ hits, known }).toEqual({ hits: 0, known: undefined });
  const { result, reason, cure } = places[0]!;
  expect(result).toBe("not-checked");
  return `${reason} -> ${cure}`;
}

/** A port on which it is not answered. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describe("a PostgreSQL is not checked, and it is said why,", () => {
  it("where nothing listens", async () => {
    const port = await closedPort();
    const database = `postgresql://synapse@127.0.0.1:${port}/synapse`;
    expect(await unread(database)).toMatch(
      new RegExp(`127.0.0.1:${port}, database synapse: .*ECONNREFUSED.* -> check host and port`),
    );
    const opening = openHomeserverDatabase({ database, databasePasswordFile: passwordFile });
    await expect(opening).rejects.toMatchObject({ code: "DATABASE_UNREADABLE", exitCode: 3 });
  });

  it("where whoever listens is no PostgreSQL", async () => {
    const other = createServer((socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    expect(await unread(`postgresql://synapse@127.0.0.1:${port}/synapse`)).toMatch(
      /terminated.* -> check that this is PostgreSQL's port/,
    );
    other.close();
  });

  it("and a password that stands where everybody can read it is said nowhere", async () => {
    for (const database of [
      `postgresql://synapse:${PASSWORD}@127.0.0.1/synapse`,
      `postgresql://synapse@127.0.0.1/synapse?password=${PASSWORD}`,
      `postgresql+psycopg2://synapse:${PASSWORD}@127.0.0.1/synapse`,
      `postgresql://synapse:${PASSWORD}@:x/synapse`,
      `host=127.0.0.1 user=synapse password=${PASSWORD}`,
      `mysql://synapse:${PASSWORD}@127.0.0.1/synapse`,
    ]) {
      const thrown = await openPlaces({ database, logs: [log] }).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(thrown, database).toMatchObject({ code: "USAGE", exitCode: 2 });
      expect(JSON.stringify(thrown)).not.toContain(PASSWORD);
    }
  });
});

if (noPostgres) console.warn(`skipped: what prove finds in PostgreSQL: ${noPostgres}`);

describe.skipIf(noPostgres)("a PostgreSQL", () => {
  let server: Postgres;
  let client: pg.Client;
  let database: string;

  beforeAll(async () => {
    server = await startPostgres();
    client = await server.connect();
    await client.query(`CREATE ROLE reader LOGIN PASSWORD '${PASSWORD}' IN ROLE pg_read_all_data`);
    await client.query(`CREATE ROLE stranger LOGIN PASSWORD '${PASSWORD}'`);
    await client.query("CREATE DATABASE closed");
    await client.query("REVOKE CONNECT ON DATABASE closed FROM PUBLIC");
    database = server.url("reader");
  }, 60_000);
  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });
  beforeEach(async () => {
    await client.query("DROP TABLE IF EXISTS events, event_json; CREATE TABLE event_json (json text)");
    await client.query("INSERT INTO event_json VALUES ($1)", [`{"body":"${control.title}"}`]);
  });

  it("that shows the control and nothing else is clean", async () => {
    const { places, known, knownUnread } = await look(database);
    expect(places[0]).toMatchObject({ result: "pass", found: [], unread: [] });
    // it is no Synapse's
    expect([known, knownUnread]).toEqual([undefined, undefined]);
  });

  it.each([
    ["text", () => JSON.stringify(encrypted.waveform), "the waveform", "as it is"],
    ["bytea", () => Buffer.from(encrypted.recording, "base64"), "the recording", "as it is"],
    ["jsonb", () => JSON.stringify([{ data: encrypted.recording }]), "the recording", "base64"],
  ])("that has the canary in %s is found out", async (type, leak, what, encoding) => {
    await client.query(`CREATE TABLE events (leak ${type})`);
    await client.query("INSERT INTO events VALUES ($1)", [leak()]);
    const { places, hits } = await look(database);
    expect(places[0]!.result).toBe("fail");
    expect(hits).toBeGreaterThan(0);
    const found = { what, where: "table events", encoding: expect.stringContaining(encoding) as string };
    expect(places[0]!.found).toContainEqual(expect.objectContaining(found));
  });

  it("is not checked with a wrong password, no such user, no such database, one that is closed to us", async () => {
    const wrong = join(folder, "wrong");
    writeFileSync(wrong, `${PASSWORD}-not`);
    expect(await unread(database, wrong)).toMatch(/password authentication failed .* -> check the user/);
    expect(await unread(server.url("nobody-here"))).toMatch(/"nobody-here" -> check the user/);
    expect(await unread(server.url("reader", "nowhere"))).toMatch(
      /"nowhere" does not exist -> name the database/,
    );
    expect(await unread(server.url("stranger", "closed"))).toMatch(/permission denied .* -> .*GRANT CONNECT/);
  });

  it("is not checked where one table may not be read, though a find in another one is one", async () => {
    const stranger = server.url("stranger");
    const denied =
      /^1 of it could not be read: table event_json: permission denied .* -> .*GRANT pg_read_all/;
    expect(await unread(stranger)).toMatch(denied);
    await client.query("CREATE TABLE events (leak text); GRANT SELECT ON events TO stranger");
    await client.query("INSERT INTO events VALUES ($1)", [encrypted.title]);
    expect((await look(stranger)).places[0]!.result).toBe("fail");
  });

  it("is not checked where the connection is lost before the end, though the control was seen", async () => {
    await client.query(
      "CREATE TABLE events AS SELECT repeat(md5(n::text), 1000) FROM generate_series(1, 500) n",
    );
    const cut = await cutAfter(server.port, 1_000_000);
    const { port } = cut.address() as AddressInfo;
    const reason = await unread(database.replace(`:${server.port}/`, `:${port}/`));
    expect(reason).toMatch(
      /^1 of it could not be read: .*(?:terminated|ECONNRESET).* -> run it again; .*log/,
    );
    cut.close();
  });

  it("says what it knows, or why not", async () => {
    await client.query("CREATE TABLE events (event_id text, room_id text, sender text, type text)");
    await client.query("ALTER TABLE event_json ADD event_id text, ADD room_id text");
    await client.query("ALTER TABLE events ADD origin_server_ts bigint");
    await client.query("INSERT INTO events VALUES ($1, 'r', '@who', 'm.room.encrypted', 1700000000000)", [
      encrypted.eventId,
    ]);
    await client.query("INSERT INTO event_json VALUES ('{}', $1, 'r')", [encrypted.eventId]);
    const { known } = await look(database);
    expect(known).toEqual(
      expect.arrayContaining([
        { what: "sender", value: "@who" },
        { what: "time of sending", value: "2023-11-14T22:13:20.000Z" },
      ]),
    );
    await client.query("GRANT SELECT ON event_json TO stranger");
    const { places, knownUnread, known: none } = await look(server.url("stranger"));
    expect(places[0]!.controlFound).not.toEqual([]);
    expect(none).toBeUndefined();
    expect(knownUnread).toMatchObject({ why: "permission denied for table events" });
  });
});

/** A way to the server that breaks off once it has brought so many bytes from there. */
async function cutAfter(serverPort: number, bytes: number): Promise<Server> {
  const cut = createServer((near) => {
    const far = connect(serverPort, "127.0.0.1");
    let left = bytes;
    near.on("error", () => undefined).on("close", () => far.destroy());
    far.on("error", () => undefined).on("close", () => near.destroy());
    near.pipe(far);
    far.on("data", (piece: Buffer) => {
      left -= piece.length;
      if (left < 0) near.destroy();
      else near.write(piece);
    });
  });
  cut.listen(0, "127.0.0.1");
  await once(cut, "listening");
  return cut;
}
