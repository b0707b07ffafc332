import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SentCanary } from "../../../src/service/prove/canary.ts";
import { openPlaces, prove } from "../../../src/service/prove/prove.ts";
import { madeUpCanary } from "../../support/canary.ts";

// That a real homeserver is clean, and shows what was sent in clear, is shown by test/e2e/prove.test.ts and
// test/e2e/postgres.test.ts.

let folder: string;
let encrypted: SentCanary;
let control: SentCanary;
let database: DatabaseSync;
const at = (...names: string[]): string => join(folder, ...names);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sotto-prove-"));
  encrypted = madeUpCanary({ roomId: "!room", eventId: "$encrypted" });
  control = madeUpCanary({ roomId: "!control", eventId: "$control" });
  database = new DatabaseSync(at("homeserver.db"));
  database.exec(
    "PRAGMA journal_mode = WAL; CREATE TABLE kept (name TEXT, value); CREATE TABLE by_name (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
  );
  put("event", `{"body":"${control.title}.ogg"}`);
  mkdirSync(at("media", "aa", "bb"), { recursive: true });
  writeFileSync(at("media", "aa", "control"), recordingOf(control));
  writeFileSync(at("homeserver.log"), `PUT upload?filename=${encodeURIComponent(control.title)}\n`);
});

afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

const recordingOf = ({ recording }: SentCanary): Buffer => Buffer.from(recording, "base64");
const part = (): Buffer => recordingOf(encrypted).subarray(1_234, 1_258);
const put = (name: string, value: string | Uint8Array) =>
  database.prepare("INSERT INTO kept VALUES (?, ?)").run(name, value);

async function look(timeoutMs = 0) {
  const places = { database: at("homeserver.db"), media: at("media"), logs: [at("homeserver.log")] };
  const signal = new AbortController().signal;
  const options = { timeoutMs, signal, onPlace: () => undefined };
  return prove({ encrypted, control }, await openPlaces(places), places, options);
}
const results = (report: Awaited<ReturnType<typeof look>>) => report.places.map(({ result }) => result);

it("a homeserver that shows the control and nothing else is clean", async () => {
  const report = await look();
  expect(results(report)).toEqual(["pass", "pass", "pass"]);
  expect(report.hits).toBe(0);
  expect(report.known).toBeUndefined();
});

describe("a leak is found", () => {
  const leaks: [what: string, leak: () => string | Uint8Array, encoding: RegExp][] = [
    ["the file's name", () => `body: ${encrypted.title}.ogg`, /as it is/],
    ["the MIME type", () => JSON.stringify({ mimetype: encrypted.mimetype }), /as it is/],
    ["the waveform", () => JSON.stringify({ waveform: encrypted.waveform }), /as it is/],
    ["the waveform", () => `[${encrypted.waveform.slice(40, 60).join(", ")}]`, /as it is/],
    ["the recording", () => Buffer.concat([randomBytes(77), part(), randomBytes(77)]), /as it is/],
    ["the recording", () => `"${part().toString("base64")}"`, /base64/],
    ["the recording", () => `x${part().toString("hex")}`, /hex/],
    ["the recording", () => JSON.stringify({ data: part().toString("latin1") }), /JSON/],
    ["the recording", () => gzipSync(recordingOf(encrypted).toString("base64")), /base64, in gzip/],
    ["the file's name", () => zstdCompressSync(`name ${encrypted.title}`), /in zstd/],
    ["the file's name", () => deflateSync(`name ${encrypted.title}`.repeat(3)), /in zlib/],
  ];

  it.each(leaks)("%s in the database (%#)", async (what, leak, encoding) => {
    put("leak", leak());
    const report = await look();
    expect(results(report)).toEqual(["fail", "pass", "pass"]);
    expect(report.hits).toBeGreaterThan(0);
    const encodingFound = expect.stringMatching(encoding) as string;
    expect(report.places[0]!.found).toContainEqual(
      expect.objectContaining({ what, encoding: encodingFound, where: "table kept" }),
    );
  });

  it.each(leaks)("%s in the media store (%#)", async (what, leak, encoding) => {
    const where = at("media", "aa", "bb", "leak");
    writeFileSync(where, leak());
    const report = await look();
    expect(results(report)).toEqual(["pass", "fail", "pass"]);
    const encodingFound = expect.stringMatching(encoding) as string;
    expect(report.places[1]!.found).toContainEqual(
      expect.objectContaining({ what, encoding: encodingFound, where }),
    );
  });

  it.each(leaks)("%s in a log (%#)", async (what, leak, encoding) => {
    const rotated = at("homeserver.log.1");
    writeFileSync(rotated, leak());
    const places = { logs: [at("homeserver.log"), rotated] };
    const options = { timeoutMs: 0, signal: new AbortController().signal, onPlace: () => undefined };
    const report = await prove({ encrypted, control }, await openPlaces(places), places, options);
    expect(results(report)).toEqual(["not-checked", "not-checked", "fail"]);
    const encodingFound = expect.stringMatching(encoding) as string;
    expect(report.places[2]!.found).toContainEqual(
      expect.objectContaining({ what, encoding: encodingFound, where: rotated }),
    );
  });

  it("in a table without row IDs, in what was deleted, and before the first checkpoint", async () => {
    database.prepare("INSERT INTO by_name VALUES (?, ?)").run("leak", encrypted.title);
    const where = (report: Awaited<ReturnType<typeof look>>) =>
      report.places[0]!.found.map((one) => one.where);
    expect(where(await look())).toEqual([at("homeserver.db-wal"), "table by_name"]);
    database.exec("DELETE FROM by_name");
    expect(where(await look())).toEqual([at("homeserver.db-wal")]);
  });
});

describe("what is no pass", () => {
  it("is a place in which the control is not", async () => {
    writeFileSync(at("homeserver.log"), "nothing of note\n");
    rmSync(at("media", "aa", "control"));
    expect(results(await look())).toEqual(["pass", "not-checked", "not-checked"]);
  });

  it("is a file that cannot be unpacked, or a folder that cannot be listed", async () => {
    writeFileSync(at("media", "aa", "packed"), Buffer.from("fd377a585a0000", "hex"));
    writeFileSync(at("homeserver.log"), gzipSync(`${control.title} and more`).subarray(0, -9));
    const { places } = await look();
    expect(places.map(({ result, reason }) => [result, reason])).toEqual([
      ["pass", undefined],
      ["not-checked", expect.stringContaining("xz")],
      ["not-checked", expect.stringContaining("unexpected end of file")],
    ]);
  });

  it("is a value of the database that unpacks to more than can be held", async () => {
    put("packed", gzipSync(Buffer.concat([Buffer.alloc(65 * 1024 * 1024), recordingOf(encrypted)])));
    put("begins like one", Buffer.from("1f8b08000000000000", "hex"));
    const { places } = await look();
    expect(places[0]).toMatchObject({
      ...{ result: "not-checked", found: [] },
      unread: [{ where: "table kept", why: expect.stringContaining("more than") as string }],
    });
  });

  it("is a database that is none", async () => {
    const other = at("homeserver.log");
    const places = { database: other };
    const options = { timeoutMs: 0, signal: new AbortController().signal, onPlace: () => undefined };
    const report = await prove({ encrypted, control }, await openPlaces(places), places, options);
    expect(report.places[0]).toMatchObject({ result: "not-checked", unread: [{ where: other }] });
    expect(report.known).toBeUndefined();
  });
});

it("a control that is written late is waited for", async () => {
  writeFileSync(at("homeserver.log"), "");
  const late = setTimeout(() => writeFileSync(at("homeserver.log"), `GET ${control.title}\n`), 100);
  expect(results(await look(60_000))).toEqual(["pass", "pass", "pass"]);
  clearTimeout(late);
});

it("a link that leads back to where it lies ends", async () => {
  symlinkSync(at("media"), at("media", "aa", "back"));
  expect(results(await look())).toEqual(["pass", "pass", "pass"]);
});

it("nothing is left beside a database that its program has closed", async () => {
  database.close();
  chmodSync(at("homeserver.db"), 0o400);
  expect(results(await look())).toEqual(["pass", "pass", "pass"]);
  expect([existsSync(at("homeserver.db-wal")), existsSync(at("homeserver.db-shm"))]).toEqual([false, false]);
  database = new DatabaseSync(":memory:");
});
