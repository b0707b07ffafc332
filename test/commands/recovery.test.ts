import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { recoveryLines } from "../../src/commands/shared/recovery-lines.ts";
import { configFor } from "../support/config.ts";
import { scriptedHomeserver } from "../support/scripted-homeserver.ts";
import { errorOf, sotto } from "../support/sotto.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const usage = { code: "USAGE", exitCode: 2 };

async function refused(...args: string[]) {
  const { url, requests } = await scriptedHomeserver();
  const error = errorOf(await sotto(["recovery", ...args, "--config", configFor(url), "--json"]));
  expect(requests).toEqual([]);
  return error;
}

function secretFile(text: string): string {
  const path = join(temporaryDirectory(), "secret");
  writeFileSync(path, text);
  return path;
}

describe("recovery is used wrongly, and asks nobody", () => {
  it("without saying what", async () => {
    expect((await sotto(["recovery"])).code).toBe(2);
  });

  it.each(["create", "restore", "drill"])("%s without a key or a place for one", async (what) => {
    expect(await refused(what)).toMatchObject(usage);
  });

  it("create that is to fill a storage and to make one", async () => {
    const key = secretFile("EsT");
    expect(await refused("create", "--recovery-key-file", key, "--out", "new")).toMatchObject(usage);
    expect(await refused("create", "--recovery-key-file", key, "--replace")).toMatchObject(usage);
  });

  it("drill without a login, and says which it needs", async () => {
    const { code, cure } = await refused("drill", "--recovery-key-file", secretFile("EsT"));
    expect(code).toBe("USAGE");
    expect(cure).toContain("--password-file");
    expect(cure).toContain("--access-token-file");
  });

  it("drill with a room that is none", async () => {
    const files = ["--recovery-key-file", secretFile("EsT"), "--password-file", secretFile("pass")];
    expect(await refused("drill", ...files, "--room", "#team:example.org")).toMatchObject(usage);
    expect(await refused("drill", ...files, "--access-token-file", secretFile("t"))).toMatchObject(usage);
  });

  it("delete-backup without a person at a terminal", async () => {
    expect(await refused("delete-backup")).toMatchObject(usage);
  });

  it("with a key file that cannot be read, which it names", async () => {
    const error = await refused("restore", "--recovery-key-file", "/nowhere/key");
    expect(error).toMatchObject({
      code: "SECRET_UNREADABLE",
      exitCode: 2,
      message: expect.stringContaining("/nowhere/key"),
    });
  });
});

describe("what a recovery would find, in words", () => {
  const whole = {
    storage: { keyId: "k", hasPassphrase: false, holds: ["a", "b", "c", "d"] },
    backup: {
      version: "3",
      trust: "our key" as const,
      uploading: true,
      keyHere: true,
      sessions: 7,
      backedUp: 7,
    },
    lastDrill: undefined,
    lastGoodDrill: undefined,
  };
  const textOf = (more: object): string => recoveryLines({ ...whole, ...more }).lines.join("\n");

  it("is complete only with every secret in storage and a backup that is used and can be read", () => {
    expect(recoveryLines(whole).complete).toBe(true);
    const lacks = [
      { storage: { ...whole.storage, holds: ["a"] } },
      { storage: { problem: { code: "SECRET_STORAGE_DAMAGED", message: "damaged" } } },
      { backup: { ...whole.backup, uploading: false } },
      { backup: { ...whole.backup, keyHere: false } },
    ];
    for (const more of lacks) expect(recoveryLines({ ...whole, ...more }).complete).toBe(false);
  });

  it("says that a backup is not ours, and what is damaged", () => {
    expect(textOf({ backup: { ...whole.backup, trust: "refused" } })).toContain("not ours");
    expect(
      textOf({ storage: { problem: { code: "SECRET_STORAGE_DAMAGED", message: "it is damaged" } } }),
    ).toContain("it is damaged");
  });

  it("names the day of the last drill, and of the last that went well", () => {
    const at = (day: string, errorCode?: string) => ({
      startedMs: Date.parse(day),
      finishedMs: Date.parse(day),
      deviceId: undefined,
      roomId: undefined,
      eventId: undefined,
      errorCode,
    });
    expect(textOf({})).toContain("never");
    const good = at("2026-10-01");
    expect(textOf({ lastDrill: good, lastGoodDrill: good })).toContain("well, 2026-10-01");
    const bad = textOf({ lastDrill: at("2026-11-01", "BACKUP_MISSING"), lastGoodDrill: good });
    expect(bad).toContain("2026-11-01 (BACKUP_MISSING)");
    expect(bad).toContain("2026-10-01");
  });
});
