import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { verifyExport } from "../../../src/service/audit/exported.ts";
import { signerOf } from "../../../src/service/signer.ts";
import { openStore } from "../../../src/store/index.ts";
import { DAY_MS, logOf, record } from "../../support/audit-log.ts";
import { storeOptions } from "../../support/store.ts";

describe("the log of audits", () => {
  it("is in order, and says how far it goes and who signed it", async () => {
    const { verify, publicKeyPem } = await logOf(3);
    expect(await verify()).toEqual({
      records: 3,
      head: { number: 3, last: expect.stringMatching(/^[0-9a-f]{64}$/) },
      compared: true,
      publicKeyPem,
    });
  });

  it("is in order where there is nothing yet", async () => {
    const { verify } = await logOf(0);
    expect(await verify()).toMatchObject({
      records: 0,
      head: undefined,
      compared: expect.stringMatching(/no record/),
    });
  });

  it.each<[string, string, string, number]>([
    ["changed", "a record was changed", "UPDATE audit_record SET sealed_line = x'00' WHERE number = 2", 2],
    ["missing", "one was taken out of the middle", "DELETE FROM audit_record WHERE number = 3", 3],
    ["missing", "the first was taken out", "DELETE FROM audit_record WHERE number = 1", 1],
    ["missing", "the last was cut off", "DELETE FROM audit_record WHERE number = 4", 4],
    ["missing", "all were", "DELETE FROM audit_record", 1],
    [
      "changed",
      "two were exchanged",
      "UPDATE audit_record SET number = -number; UPDATE audit_record SET number = CASE number WHEN -2 THEN 3 WHEN -3 THEN 2 ELSE -number END",
      2,
    ],
    [
      "changed",
      "one was put in again behind",
      "INSERT INTO audit_record SELECT 5, sealed_line FROM audit_record WHERE number = 2",
      5,
    ],
  ])("names the first that is %s where %s", async (fault, _what, sql, number) => {
    const { tamper, verify } = await logOf(4);
    tamper(sql);
    expect((await verify()).fault).toEqual({ fault, number });
  });

  it("knows nothing of an end that was cut off where the homeserver cannot be asked, and says so", async () => {
    const { tamper, verify, server } = await logOf(3);
    const { head } = await verify();
    tamper("DELETE FROM audit_record WHERE number = 3");
    server.isDown = true;
    const blind = await verify();
    expect(blind.fault).toBeUndefined();
    expect(blind.compared).toMatch(/no answer/);
    // what a person has noted shows it all the same
    expect((await verify([head!])).fault).toEqual({ fault: "missing", number: 3 });
  });

  it("believes no head that it has not signed", async () => {
    const { verify, server, type } = await logOf(1);
    server.kept.set(type, { head: String(server.kept.get(type)!.head).replace('"number":1', '"number":9') });
    const { fault, compared } = await verify();
    expect(fault).toBeUndefined();
    expect(compared).toMatch(/not signed/);
  });

  it("takes nothing more once it was tampered with: a new end would cover what is missing", async () => {
    const { tamper, withLog } = await logOf(3);
    tamper("DELETE FROM audit_record WHERE number = 3");
    await expect(withLog((log) => log.add(record(4 * DAY_MS), 0))).rejects.toMatchObject({
      code: "AUDIT_LOG_CHANGED",
    });
  });

  it("goes on where the homeserver did not hear of the last record", async () => {
    const { server, withLog, verify } = await logOf(1);
    server.isDown = true;
    await withLog((log) => log.add(record(2 * DAY_MS), 0));
    server.isDown = false;
    expect(await verify()).toMatchObject({ records: 2, compared: true });
    expect((await verify()).fault).toBeUndefined();
  });

  it("lets go of what is old, and can tell that from what was taken out", async () => {
    const { verify, tamper, withLog } = await logOf(6, 2 * DAY_MS);
    expect(await verify()).toMatchObject({ records: 3, head: { number: 6 } });
    expect((await withLog(async (log) => log.read())).map(({ number }) => number)).toEqual([4, 5, 6]);
    tamper("DELETE FROM audit_record WHERE number = 4");
    expect((await verify()).fault).toEqual({ fault: "missing", number: 4 });
  });

  it("shows who cuts its beginning off, and who takes away the line that says where it begins", async () => {
    const begun = await logOf(6, 2 * DAY_MS);
    begun.tamper("DELETE FROM meta WHERE name = 'audit log start'");
    expect((await begun.verify()).fault).toEqual({ fault: "missing", number: 1 });
    begun.tamper("INSERT INTO meta VALUES ('audit log start', CAST('{}' AS BLOB))");
    expect((await begun.verify()).fault).toMatchObject({ fault: "start-changed" });
  });

  it("names nobody in the file", async () => {
    const options = storeOptions();
    const store = openStore(options);
    store.audits.add(1, "a line about !room and @alice:example.org");
    store.audits.setLastFacts("@alice:example.org");
    store.close();
    const db = new DatabaseSync(options.path);
    const rows = JSON.stringify([
      ...db.prepare("SELECT CAST(sealed_line AS TEXT) FROM audit_record").all(),
      ...db.prepare("SELECT CAST(sealed_facts AS TEXT) FROM audit_facts").all(),
    ]);
    db.close();
    expect(rows).not.toMatch(/alice|room and/);
  });
});

describe("an export", () => {
  it("is verified without store and network, with its key", async () => {
    const { withLog, publicKeyPem } = await logOf(6, 2 * DAY_MS);
    const lines = await withLog(async (log) => log.lines());
    expect(verifyExport(lines.join("\n"), publicKeyPem)).toMatchObject({ records: 3, head: { number: 6 } });
    const swapped = [lines[0], lines[2], lines[1], lines[3]].join("\n");
    expect(verifyExport(swapped, publicKeyPem).fault).toEqual({ fault: "missing", number: 4 });
    const cut = [lines[0], lines[1], lines[3]].join("\n");
    expect(verifyExport(cut, publicKeyPem).fault).toEqual({ fault: "missing", number: 5 });
    const edited = lines.join("\n").replace('"clear"', '"all is well"');
    expect(verifyExport(edited, publicKeyPem).fault).toEqual({ fault: "changed", number: 4 });
  });

  it("of somebody else is not believed", async () => {
    const { withLog } = await logOf(2);
    const lines = await withLog(async (log) => log.lines());
    const { publicKeyPem } = signerOf(Buffer.alloc(32, 8), "audit signature");
    expect(verifyExport(lines.join("\n"), publicKeyPem).fault).toEqual({ fault: "changed", number: 1 });
  });
});
