import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Readiness } from "../../src/service/readiness.ts";
import { freePort } from "../matrix/scripted-server.ts";
import { configFor, MINIMAL, writeConfig } from "../support/config.ts";
import { probe } from "../support/probe.ts";
import { scriptedHomeserver } from "../support/scripted-homeserver.ts";
import { errorOf, sotto, startSotto } from "../support/sotto.ts";
import { temporaryDirectory } from "../support/temporary.ts";

describe("run does not start", () => {
  it("with an argument or flag it does not know", async () => {
    expect(errorOf(await sotto(["run", "now", "--json"]))).toMatchObject({ code: "USAGE", exitCode: 2 });
    expect(errorOf(await sotto(["run", "--fast", "--json"]))).toMatchObject({ code: "USAGE", exitCode: 2 });
  });

  it("without a config", async () => {
    const error = errorOf(
      await sotto(["run", "--json"], { cwd: temporaryDirectory(), env: { SOTTO_CONFIG: undefined } }),
    );
    expect(error).toMatchObject({ code: "CONFIG_NOT_FOUND", exitCode: 2 });
  });

  it("with a config that is wrong, and names every line", async () => {
    const config = writeConfig(`${MINIMAL}rotation: { maxPeriod: long }\nvolume: 11\n`);
    const error = errorOf(await sotto(["run", "--config", config, "--json"]));
    expect(error).toMatchObject({ code: "CONFIG_INVALID", exitCode: 2 });
    expect(error.message.split("\n").map((line) => line.slice(0, config.length + 3))).toEqual([
      `${config}:6:`,
      `${config}:7:`,
    ]);
  });

  it("without its store key or its token, and makes no store", async () => {
    const { url } = await scriptedHomeserver();
    for (const [name, code] of [["store.key", "STORE_KEY_MISSING"]] as const) {
      const config = configFor(url);
      const data = join(config, "../data");
      writeFileSync(join(data, name), "");
      expect(errorOf(await sotto(["run", "--config", config, "--json"]))).toMatchObject({
        code,
        exitCode: 2,
      });
      expect(existsSync(join(data, "sotto.sqlite"))).toBe(false);
    }
  });

  it("when the homeserver does not know the token any more", async () => {
    const revoked = { status: 401, json: { errcode: "M_UNKNOWN_TOKEN" } };
    const config = configFor((await scriptedHomeserver([["/sync", revoked]])).url);
    expect(errorOf(await sotto(["run", "--config", config, "--json"]))).toMatchObject({
      code: "TOKEN_REJECTED",
      exitCode: 3,
    });
  }, 20_000);
});

describe("run after a soft logout", () => {
  it("does not go on with a device that has come back without its keys", async () => {
    const soft = { status: 401, json: { errcode: "M_UNKNOWN_TOKEN", soft_logout: true } };
    const login = { json: { user_id: "@voice:example.org", device_id: "SOTTO1", access_token: "new" } };
    const server = await scriptedHomeserver([
      ["/sync", soft],
      ["/login", login],
      ["/keys/query", { json: { device_keys: {} } }],
      ["/logout", { json: {} }],
    ]);
    const config = configFor(server.url);
    const password = join(config, "../password");
    writeFileSync(password, "secret", { mode: 0o600 });
    const yaml = readFileSync(config, "utf8").replace(
      "account:\n",
      `account:\n  passwordFile: ${password}\n`,
    );
    writeFileSync(config, yaml);
    const error = errorOf(await sotto(["run", "--config", config, "--json"]));
    expect(error).toMatchObject({ code: "TOKEN_REJECTED", exitCode: 3 });
    expect(error.message).toContain("deleted device SOTTO1");
    expect(error.cure).toContain("sotto init");
    expect(server.requests.at(-1)!.path).toContain("/logout");
  }, 20_000);
});

describe("run with `listen`", () => {
  /** A config, and what a probe gets of the process that runs with it. */
  function probed(url: string) {
    const config = configFor(url);
    const socket = join(config, "../health.sock");
    appendFileSync(config, "listen: ./health.sock\n");
    return { config, socket, ask: (path: string) => probe(socket, path) };
  }

  it("answers while it runs: that it lives, that it is ready, and how much it has done", async () => {
    const { config, socket, ask } = probed((await scriptedHomeserver()).url);
    const running = startSotto(["run", "--config", config]);
    await running.says("running");
    expect((await ask("/live")).status).toBe(200);
    await expect.poll(async () => (await ask("/ready")).status).toBe(200);
    const { body } = await ask("/metrics");
    expect(body).toMatch(/^matrix_api_calls\{method="sync"\} [1-9]/m);
    expect(body).toContain("sotto_ready 1\n");
    expect(body).toContain('sotto_queue_depth{state="encoded"} 0\n');
    for (const name of [/voice:/, /example\.org/, /SOTTO1/, /![a-z]/]) expect(body).not.toMatch(name);
    expect((await running.end("SIGTERM")).code).toBe(0);
    expect(existsSync(socket)).toBe(false);
  }, 30_000);

  it("is not ready while the homeserver does not answer, and says why", async () => {
    const { config, ask } = probed(`http://127.0.0.1:${await freePort()}`);
    const running = startSotto(["run", "--config", config]);
    await running.says("running");
    expect((await ask("/live")).status).toBe(200);
    await expect
      .poll(async () => (JSON.parse((await ask("/ready")).body) as Readiness).reasons)
      .toMatchObject([{ code: "HOMESERVER_UNREACHABLE", cure: expect.any(String) }]);
    expect((await ask("/ready")).status).toBe(503);
    await running.end("SIGTERM");
  }, 30_000);

  it("does not start where it cannot listen, and gives the store back", async () => {
    const { config, socket } = probed((await scriptedHomeserver()).url);
    writeFileSync(socket, "not a socket");
    const error = errorOf(await sotto(["run", "--config", config, "--json"]));
    expect(error).toMatchObject({ code: "LISTEN_FAILED", exitCode: 3 });
    expect(existsSync(join(config, "../data/control.sock"))).toBe(false);
  });

  it("takes no address that is none", async () => {
    const config = writeConfig(`${MINIMAL}listen: everywhere\n`);
    const error = errorOf(await sotto(["run", "--config", config, "--json"]));
    expect(error).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(`${config}:6: `),
    });
  });
});

describe("run", () => {
  it("goes on until it is told to end, and then gives everything back", async () => {
    const config = configFor((await scriptedHomeserver()).url);
    const running = startSotto(["run", "--config", config]);
    await running.says("running");
    const socket = join(config, "../data/control.sock");
    expect(existsSync(socket)).toBe(true);
    expect(errorOf(await sotto(["run", "--config", config, "--json"]))).toMatchObject({
      code: "STORE_HELD",
      exitCode: 3,
    });
    expect(existsSync(socket)).toBe(true);
    const { code, stdout } = await running.end("SIGTERM");
    expect([code, stdout]).toEqual([0, ""]);
    expect(existsSync(socket)).toBe(false);
    const again = startSotto(["run", "--config", config]);
    await again.says("running");
    expect((await again.end("SIGINT")).code).toBe(0);
  }, 30_000);
});
