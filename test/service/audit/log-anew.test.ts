import { describe, expect, it } from "vitest";
import { sha256Of } from "../../../src/model/signed-line.ts";
import { verifyExport } from "../../../src/service/audit/exported.ts";
import { exportOf } from "../../../src/service/audit/log.ts";
import { DAY_MS, logOf, record } from "../../support/audit-log.ts";

const CUT = "DELETE FROM audit_record WHERE number = 3";
const BEGUN_MS = 5 * DAY_MS;

/** A log of three records of which the last was cut off, and the one that was begun after that. */
async function anew() {
  const made = await logOf(3);
  const { head } = await made.verify();
  made.tamper(CUT);
  const old = await made.withLog(async (log) => log.lines());
  const begun = await made.withLog((log) => log.beginAnew(3, "the disk was restored", BEGUN_MS));
  return { ...made, old, begun, cut: head! };
}

describe("a log that is begun after tampering", () => {
  it("says first what was wrong in the one before, how far that went, and why; and takes audits again", async () => {
    const { begun, verify, withLog, old, cut } = await anew();
    expect(begun).toMatchObject({ log: 2, head: { number: 1 } });
    await withLog((log) => log.add(record(6 * DAY_MS), 0));
    const report = await verify();
    expect(report).toMatchObject({ records: 2, head: { number: 2 }, compared: true });
    expect(report.fault).toBeUndefined();
    expect(report.begun).toMatchObject({
      ...{ atMs: BEGUN_MS, reason: "the disk was restored" },
      before: {
        fault: { fault: "missing", number: 3 },
        inOrder: { number: 2 },
        published: cut,
        lines: sha256Of(exportOf(old)),
      },
    });
    expect((await withLog(async (log) => log.read())).map(({ number }) => number)).toEqual([2]);
  });

  it("leaves the old one as it is: it can be verified and exported, and is wrong as before", async () => {
    const { verify, withLog, old, cut } = await anew();
    expect(await withLog(async (log) => log.lines(1))).toEqual(old);
    expect(await verify([], 1)).toMatchObject({ records: 2, compared: expect.stringMatching(/earlier log/) });
    expect((await verify([cut], 1)).fault).toEqual({ fault: "missing", number: 3 });
    await expect(verify([], 3)).rejects.toMatchObject({ code: "USAGE" });
  });

  it("can be verified elsewhere, like any other", async () => {
    const { withLog, publicKeyPem } = await anew();
    await withLog((log) => log.add(record(6 * DAY_MS), 0));
    const text = exportOf(await withLog(async (log) => log.lines()));
    const report = verifyExport(text, publicKeyPem);
    expect(report).toMatchObject({ records: 2, begun: { reason: "the disk was restored" } });
    const edited = verifyExport(text.replace("the disk was restored", "all is well"), publicKeyPem);
    expect(edited.fault).toEqual({ fault: "changed", number: 1 });
  });

  it("is not begun where nothing is wrong, or something else than was confirmed", async () => {
    const { withLog, tamper, verify } = await logOf(3);
    const begin = (confirmed: number) => withLog((log) => log.beginAnew(confirmed, "why", BEGUN_MS));
    await expect(begin(3)).rejects.toMatchObject({ code: "USAGE" });
    tamper(CUT);
    await expect(begin(2)).rejects.toMatchObject({ code: "USAGE" });
    expect((await verify()).fault).toEqual({ fault: "missing", number: 3 });
  });

  it("is no way to cut a log off in secret, and cannot be cut off itself", async () => {
    const secret = await logOf(3);
    secret.tamper(
      "DELETE FROM audit_record; INSERT INTO meta VALUES ('audit log number', CAST('2' AS BLOB))",
    );
    expect((await secret.verify()).fault).toEqual({ fault: "missing", number: 1 });

    const back = await anew();
    back.tamper(
      `DELETE FROM audit_record; INSERT INTO audit_record SELECT number, sealed_line FROM audit_broken_record;
       DELETE FROM meta WHERE name = 'audit log number'`,
    );
    // the kept one is the first: what stands there again is no second, and the next can be begun
    expect((await back.verify()).fault).toEqual({ fault: "out-of-place", number: 1 });
    expect(await back.withLog((log) => log.beginAnew(1, "put back", BEGUN_MS))).toMatchObject({ log: 3 });
    expect((await back.verify()).fault).toBeUndefined();
    expect((await back.verify([], 1)).records).toBe(2);
  });

  it("can be followed by another one; old ones go with the record that speaks of them", async () => {
    const { withLog, tamper, verify } = await anew();
    await withLog((log) => log.add(record(6 * DAY_MS), 0));
    tamper("UPDATE audit_record SET sealed_line = x'00' WHERE number = 2");
    const { log: third } = await withLog((log) => log.beginAnew(2, "again", 7 * DAY_MS));
    expect(third).toBe(3);
    expect((await verify([], 2)).fault).toEqual({ fault: "changed", number: 2 });
    await withLog((log) => log.add(record(8 * DAY_MS), 0));
    await withLog((log) => log.add(record(9 * DAY_MS), 9 * DAY_MS));
    expect(await verify()).toMatchObject({ records: 1, head: { number: 3 } });
    expect((await verify()).fault).toBeUndefined();
    await expect(verify([], 1)).rejects.toMatchObject({ code: "USAGE" });
  });
});
