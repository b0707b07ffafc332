import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Backup } from "../../src/service/backup.ts";
import { openStore } from "../../src/store/index.ts";
import { configFor } from "../support/config.ts";
import { errorOf, resultOf, sotto } from "../support/sotto.ts";
import { insertJob, OWN, ROOM } from "../support/store.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const SECRET = "the key of an attachment";

/** A data directory with a message that waits, and the ledger of one that was sent. */
function place() {
  const config = configFor("http://127.0.0.1:9");
  const data = join(config, "../data");
  const key = readFileSync(join(data, "store.key"));
  const store = openStore({ path: join(data, "sotto.sqlite"), key, userId: OWN, deviceId: "SOTTO1" });
  insertJob(store.jobs, {
    txnId: "waits",
    roomId: ROOM,
    state: "uploaded",
    contentJson: JSON.stringify({ key: SECRET }),
    createdMs: 1,
  });
  store.ledger.record(ROOM, [{ userId: OWN, deviceId: "PHONE", outcome: "m.unverified" }], 2);
  store.ledger.settle(ROOM, "session", 0);
  store.close();
  return { config, data, out: join(temporaryDirectory(), "copy") };
}

const backup = (config: string, ...flags: string[]) =>
  sotto(["backup", ...flags, "--config", config, "--json"]);

describe("backup", () => {
  it("copies config, messages and ledger, sealed, and says what it leaves out and why", async () => {
    const { config, data, out } = place();
    const outcome = await backup(config, "--out", out);
    expect(resultOf(outcome)).toMatchObject({ file: out, size: statSync(out).size });
    for (const what of ["the crypto store", "the recovery key", "the store key", "the access token"])
      expect(outcome.stderr).toContain(`left out: ${what}`);
    expect(outcome.stderr).toMatch(/a copy that is put back would use the same keys twice/);
    expect(statSync(out).mode & 0o777).toBe(0o600);

    const bytes = readFileSync(out);
    const token = readFileSync(join(data, "access-token"), "utf8").trim();
    for (const secret of [SECRET, ROOM, OWN, token]) expect(bytes.includes(secret)).toBe(false);
    const opened = await backup(config, "--open", out);
    expect(opened.stdout).not.toContain(token);
    const { config: text, jobs, ledger, deviceId } = resultOf<Backup>(opened);
    expect(text).toBe(readFileSync(config, "utf8"));
    expect(jobs).toMatchObject([{ txnId: "waits", roomId: ROOM, state: "uploaded" }]);
    expect(jobs[0]!.contentJson).toContain(SECRET);
    expect(ledger).toMatchObject([
      { sessionId: "session", userId: OWN, deviceId: "PHONE", outcome: "m.unverified", atMs: 2 },
    ]);
    expect(deviceId).toBe("SOTTO1");
  }, 20_000);

  it("is opened by its store key alone, and only whole", async () => {
    const { config, data, out } = place();
    resultOf(await backup(config, "--out", out));
    const other = join(temporaryDirectory(), "key");
    writeFileSync(other, Buffer.alloc(32, 9));
    const wrong = errorOf(await backup(config, "--open", out, "--store-key-file", other));
    expect(wrong).toMatchObject({ code: "STORE_WRONG_KEY", exitCode: 3 });
    const key = join(data, "store.key");
    resultOf(await sotto(["backup", "--open", out, "--store-key-file", key, "--json"]));
    const bytes = readFileSync(out);
    bytes[bytes.length - 20]! ^= 1;
    writeFileSync(out, bytes);
    expect(errorOf(await backup(config, "--open", out))).toMatchObject({ code: "STORE_WRONG_KEY" });
    writeFileSync(out, "something else");
    expect(errorOf(await backup(config, "--open", out))).toMatchObject({ code: "USAGE", exitCode: 2 });
  }, 30_000);

  it("does not write over a file, nor without one", async () => {
    const { config, out } = place();
    writeFileSync(out, "mine");
    expect(errorOf(await backup(config, "--out", out))).toMatchObject({ code: "FILE_EXISTS", exitCode: 2 });
    expect(readFileSync(out, "utf8")).toBe("mine");
    expect(errorOf(await backup(config))).toMatchObject({ code: "USAGE", exitCode: 2 });
  }, 20_000);
});
