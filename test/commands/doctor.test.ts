import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SecretStorageKey } from "@matrix-org/matrix-sdk-crypto-nodejs";
import { describe, expect, it } from "vitest";
import { freePort } from "../matrix/scripted-server.ts";
import { configFor, writeConfig } from "../support/config.ts";
import { scriptedHomeserver } from "../support/scripted-homeserver.ts";
import { errorOf, sotto } from "../support/sotto.ts";
import { temporaryDirectory } from "../support/temporary.ts";

interface Check {
  name: string;
  result: string;
  message: string;
  cure?: string;
}

/** What doctor says of a config, by the name of each check. */
async function doctor(
  config: string,
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; checks: Record<string, Check> }> {
  const { code, stdout } = await sotto(["doctor", "--config", config, "--json"], { env });
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  return { code, checks: Object.fromEntries(checks.map((check) => [check.name, check])) };
}

describe("doctor", () => {
  it("does not know other arguments", async () => {
    expect(errorOf(await sotto(["doctor", "--all", "--json"]))).toMatchObject({ code: "USAGE", exitCode: 2 });
  });

  it("says that there is no config, and what could not be checked for it", async () => {
    const { code, checks } = await doctor(join(temporaryDirectory(), "sotto.yaml"));
    expect(code).toBe(1);
    expect(checks.node).toMatchObject({ result: "pass" });
    expect(checks.config).toMatchObject({ result: "fail", cure: expect.stringContaining("sotto init") });
    expect(checks.store).toMatchObject({ result: "not-checked" });
  });

  it("says what cannot be sent where there is no ffmpeg, which is not everything", async () => {
    const env = { PATH: temporaryDirectory(), SOTTO_FFMPEG: undefined };
    const { checks } = await doctor(join(temporaryDirectory(), "sotto.yaml"), env);
    expect(checks.ffmpeg).toMatchObject({
      result: "warn",
      message: expect.stringContaining("only mono Ogg/Opus"),
      cure: expect.stringContaining("install ffmpeg"),
    });
  });

  it("names the line of a config that is wrong", async () => {
    const config = writeConfig("homeserver: nonsense\n");
    const { code, checks } = await doctor(config);
    expect(code).toBe(1);
    expect(checks.config).toMatchObject({
      result: "fail",
      message: expect.stringContaining(`${config}:1: `),
    });
  });

  it("says that the store key is missing, and touches no store", async () => {
    const config = configFor((await scriptedHomeserver()).url);
    rmSync(join(config, "../data/store.key"));
    const { code, checks } = await doctor(config);
    expect(code).toBe(1);
    expect(checks["store key"]).toMatchObject({ result: "fail", cure: expect.any(String) });
    expect(checks.store).toMatchObject({ result: "not-checked" });
  });

  it("warns of a secret that others can read, and does not fail for it", async () => {
    const config = configFor((await scriptedHomeserver()).url);
    const token = join(config, "../data/access-token");
    chmodSync(token, 0o644);
    const { checks } = await doctor(config);
    expect(checks["access token"]).toMatchObject({
      result: "warn",
      cure: expect.stringContaining("chmod 600"),
    });
    expect(checks["store key"]).toMatchObject({ result: "pass" });
  });

  it("checks connectors as `sotto run` would, and what else the config names", async () => {
    const config = configFor((await scriptedHomeserver()).url);
    const more = writeConfig("account: { passwordFile: ./nowhere }\n");
    const flags = ["doctor", "--config", config, "--config", more, "--json"];
    const checksOf = async () => {
      const { checks } = JSON.parse((await sotto(flags)).stdout) as { checks: Check[] };
      return Object.fromEntries(checks.map((check) => [check.name, check]));
    };
    expect((await checksOf()).files).toMatchObject({
      result: "fail",
      message: expect.stringContaining(join(more, "../nowhere")),
    });
    writeFileSync(more, "connectors: { birds: { type: pigeons } }\n");
    expect((await checksOf()).config).toMatchObject({
      result: "fail",
      message: expect.stringContaining(`${more}:1: connectors.birds.type: there is no "pigeons"`),
    });
  }, 30_000);

  it("says that the access token is gone, as after a logout, and calls it no bug", async () => {
    const config = configFor((await scriptedHomeserver()).url);
    rmSync(join(config, "../data/access-token"));
    const { code, checks } = await doctor(config);
    expect(code).toBe(1);
    expect(checks["access token"]).toMatchObject({
      result: "fail",
      cure: expect.stringContaining("sotto init"),
    });
  });

  it("warns while a recovery key lies beside the config or in the data directory", async () => {
    const config = configFor((await scriptedHomeserver()).url);
    expect((await doctor(config)).checks["recovery key"]).toMatchObject({ result: "pass" });
    for (const file of ["../notes.txt", "../data/notes.txt"]) {
      const path = join(config, file);
      writeFileSync(path, `${SecretStorageKey.createRandomKey().toBase58()}\n`);
      const { checks } = await doctor(config);
      expect(checks["recovery key"]).toMatchObject({
        result: "warn",
        cure: expect.stringContaining("delete"),
      });
      expect(checks["recovery key"]?.message).toContain(path);
      rmSync(path);
    }
  }, 30_000);

  it("says that the homeserver does not answer", async () => {
    const { code, checks } = await doctor(configFor(`http://127.0.0.1:${await freePort()}`));
    expect(code).toBe(1);
    expect(checks.homeserver).toMatchObject({ result: "fail" });
  }, 30_000);

  it("prints a line for each check, with its cure below, for a person", async () => {
    const config = configFor((await scriptedHomeserver()).url);
    writeFileSync(join(config, "../data/store.key"), "short");
    const { code, stdout } = await sotto(["doctor", "--config", config]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✓ node +Node \d+/m);
    expect(stdout).toMatch(/^✗ store key .*\n +put the 32-byte key back/m);
  });
});
