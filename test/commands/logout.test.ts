import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Answer } from "../matrix/scripted-server.ts";
import { configFor } from "../support/config.ts";
import { scriptedHomeserver } from "../support/scripted-homeserver.ts";
import { errorOf, resultOf, sotto, startSotto } from "../support/sotto.ts";
import { temporaryDirectory } from "../support/temporary.ts";

// That the device is gone is shown with a real homeserver in test/e2e/logout.test.ts.

const logout = (config: string, ...flags: string[]) =>
  sotto(["logout", ...flags, "--config", config, "--json"]);

async function place(answer: Answer = { json: {} }) {
  const server = await scriptedHomeserver([["/logout", answer]]);
  const config = configFor(server.url);
  const data = join(config, "../data");
  const running = startSotto(["run", "--config", config]);
  await running.says("running");
  await running.end("SIGTERM");
  return {
    config,
    data,
    running,
    asked: () => server.requests.filter(({ path }) => path.endsWith("/logout")),
  };
}

describe("logout", () => {
  it("does nothing that was not confirmed", async () => {
    const { config, data, asked } = await place();
    const files = readdirSync(data);
    const error = errorOf(await logout(config));
    expect(error).toMatchObject({ code: "USAGE", exitCode: 2, cure: expect.stringContaining("--yes") });
    expect(asked()).toEqual([]);
    expect(readdirSync(data).toSorted()).toEqual(files.toSorted());
  }, 20_000);

  it("deletes the device and then its store, and leaves config and store key", async () => {
    const { config, data, asked } = await place();
    const outcome = await logout(config, "--yes");
    expect(resultOf(outcome)).toMatchObject({ deviceId: "SOTTO1", config });
    expect(outcome.stderr).toContain("the recovery key stay");
    expect(asked()).toHaveLength(1);
    expect(readdirSync(data)).toEqual(["store.key"]);
    expect(existsSync(config)).toBe(true);
    resultOf(await logout(config, "--yes"));
    expect(asked()).toHaveLength(1);
  }, 20_000);

  it("leaves commands that say how to go on: with a new device", async () => {
    const { config } = await place();
    resultOf(await logout(config, "--yes"));
    const error = errorOf(await sotto(["rotate", "--all", "--config", config, "--json"]));
    expect(error).toMatchObject({ code: "TOKEN_MISSING", exitCode: 2 });
    expect(error.cure).toMatch(/`sotto init`.*--config.*--data-dir/);
  }, 20_000);

  it("deletes nothing while the homeserver does not confirm it", async () => {
    const { config, data } = await place({ status: 400, json: { errcode: "M_UNKNOWN" } });
    const files = readdirSync(data);
    expect(errorOf(await logout(config, "--yes")).exitCode).toBe(3);
    expect(readdirSync(data).toSorted()).toEqual(files.toSorted());
  }, 20_000);

  it("finishes what was begun: the device has gone, or some of the files", async () => {
    const { config, data } = await place({ status: 401, json: { errcode: "M_UNKNOWN_TOKEN" } });
    rmSync(join(data, "crypto.sqlite"));
    resultOf(await logout(config, "--yes"));
    expect(readdirSync(data)).toEqual(["store.key"]);
  }, 20_000);

  it("leaves a token that is a systemd credential to whoever gave it", async () => {
    const { config, data, asked } = await place();
    const credentials = temporaryDirectory();
    renameSync(join(data, "access-token"), join(credentials, "token"));
    const env = { CREDENTIALS_DIRECTORY: credentials, SOTTO__ACCOUNT__ACCESS_TOKEN_FILE: "credential:token" };
    resultOf(await sotto(["logout", "--yes", "--config", config, "--json"], { env }));
    expect(asked()).toHaveLength(1);
    expect(readdirSync(data)).toEqual(["store.key"]);
    expect(readdirSync(credentials)).toEqual(["token"]);
  }, 20_000);

  it("keeps the store of a device whose login has only ended softly", async () => {
    const { config, data } = await place({
      status: 401,
      json: { errcode: "M_UNKNOWN_TOKEN", soft_logout: true },
    });
    expect(errorOf(await logout(config, "--yes"))).toMatchObject({ code: "TOKEN_REJECTED", exitCode: 3 });
    expect(readdirSync(data)).toContain("crypto.sqlite");
  }, 20_000);

  it("does not take the store from a process that holds it", async () => {
    const { config, data, asked } = await place();
    const running = startSotto(["run", "--config", config]);
    await running.says("running");
    expect(errorOf(await logout(config, "--yes"))).toMatchObject({ code: "STORE_HELD", exitCode: 3 });
    await running.end("SIGTERM");
    expect(asked()).toEqual([]);
    expect(readdirSync(data)).toContain("crypto.sqlite");
  }, 20_000);
});
