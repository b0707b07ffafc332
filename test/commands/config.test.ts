import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../../src/config/index.ts";
import { asYaml, showConfig } from "../../src/config/show.ts";
import { checkConfig } from "../../src/service/config-check.ts";
import { configFor, writeConfig } from "../support/config.ts";
import { PIGEONS } from "../support/pigeons.ts";
import { CLI_SOURCE, errorOf, resultOf, sotto, startProgram } from "../support/sotto.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const NOWHERE = "http://127.0.0.1:9";

/** What is wrong with a config, once something was done to its folder or added to its text. */
async function findings(yaml: string, spoil: (folder: string) => void = () => undefined): Promise<string[]> {
  const path = configFor(NOWHERE);
  writeFileSync(path, readFileSync(path, "utf8") + yaml, { mode: 0o600 });
  spoil(dirname(path));
  const found = await checkConfig({ files: [path], environment: {} }, PIGEONS);
  return found.map(({ severity, key, message, cure }) =>
    `${severity} ${key}: ${message} (${cure})`.replaceAll(dirname(path), "HERE"),
  );
}

describe("config check", () => {
  it("has nothing to say of a config as init leaves it", async () => {
    const path = configFor(NOWHERE);
    const outcome = await sotto(["config", "check", "--config", path]);
    expect(outcome).toMatchObject({ code: 0, stdout: "", stderr: expect.stringContaining(path) });
    expect(resultOf(await sotto(["config", "check", "--config", path, "--json"]))).toEqual({
      files: [path],
      findings: [],
    });
  }, 30_000);

  it("names each fault on a line of its own, and ends with 2", async () => {
    const path = configFor(NOWHERE);
    const more = writeConfig("connectors:\n  inbox: { type: pigeons }\nlog: { level: loud }\n");
    const args = ["config", "check", "--config", path, "--config", more];
    const env = { SOTTO__TRUST__SHARE_WITH: "everyone", SOTTO__LOG__LEVEL: undefined };
    const { code, stdout } = await sotto(args, { env });
    expect(code).toBe(2);
    expect(stdout.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/^✗ \$SOTTO__TRUST__SHARE_WITH: trust\.shareWith: /),
      expect.stringContaining(`✗ ${more}:3: log.level: `),
      expect.stringContaining(`✗ ${more}:2: connectors.inbox.type: there is no "pigeons"`),
    ]);
    const json = await sotto([...args, "--json"], { env });
    expect(json.code).toBe(2);
    expect(JSON.parse(json.stdout)).toMatchObject({
      files: [path, more],
      findings: [
        { severity: "error", message: expect.stringContaining("$SOTTO__") },
        { severity: "error", message: expect.stringContaining(":3: ") },
        { severity: "error", message: expect.stringContaining(":2: ") },
      ],
    });
  }, 30_000);

  it("says that there is no config", async () => {
    const args = ["config", "check", "--config", join(temporaryDirectory(), "sotto.yaml"), "--json"];
    expect(errorOf(await sotto(args))).toMatchObject({ code: "CONFIG_NOT_FOUND", exitCode: 2 });
  });

  it.each<[what: string, yaml: string, spoil: (folder: string) => void, words: RegExp]>([
    [
      "a store key that is missing",
      "",
      (folder) => rmSync(join(folder, "data/store.key")),
      /^error storeKeyFile: .*HERE\/data\/store\.key \(put the 32-byte key back/,
    ],
    [
      "a store key that is none",
      "",
      (folder) => writeFileSync(join(folder, "data/store.key"), Buffer.alloc(32)),
      /^error storeKeyFile: .*32 random bytes/,
    ],
    [
      "an access token that is missing",
      "",
      (folder) => rmSync(join(folder, "data/access-token")),
      /^error account\.accessTokenFile: .*sotto init/,
    ],
    [
      "a secret that others can read",
      "",
      (folder) => chmodSync(join(folder, "data/access-token"), 0o640),
      /^warning account\.accessTokenFile: .*\(chmod 600 HERE\/data\/access-token\)$/,
    ],
    [
      "a password that is missing",
      "  passwordFile: ./none\n",
      () => undefined,
      /^error account\.passwordFile: /,
    ],
    [
      "a password that is empty",
      "  passwordFile: ./none\n",
      (folder) => writeFileSync(join(folder, "none"), "\n", { mode: 0o600 }),
      /^error account\.passwordFile: HERE\/none is empty/,
    ],
    [
      "a data directory that is missing",
      "data: ./elsewhere\n",
      () => undefined,
      /^error data: HERE\/elsewhere is not there \(.*sotto init/,
    ],
    [
      "a data directory that is a file",
      "data: ./elsewhere\n",
      (folder) => writeFileSync(join(folder, "elsewhere"), ""),
      /^error data: HERE\/elsewhere is no folder/,
    ],
    [
      "a data directory that is open to others",
      "",
      (folder) => chmodSync(join(folder, "data"), 0o755),
      /^warning data: .*\(chmod 700 HERE\/data\)$/,
    ],
    [
      "a config that others can write",
      "",
      (folder) => chmodSync(join(folder, "sotto.yaml"), 0o666),
      /^warning undefined: HERE\/sotto\.yaml .*\(chmod go-w HERE\/sotto\.yaml\)$/,
    ],
    ["certificates that are missing", "caFile: ./ca.pem\n", () => undefined, /^error caFile: .*ca\.pem/],
    [
      "certificates that are none",
      "caFile: ./ca.pem\n",
      (folder) => writeFileSync(join(folder, "ca.pem"), "x"),
      /^error caFile: HERE\/ca\.pem holds no certificate/,
    ],
    [
      "a connector's secret that is missing",
      "connectors: { home: { type: pigeons, loft: x, ringFile: ./ring } }\n",
      () => undefined,
      /^error connectors\.home\.ringFile: .*HERE\/ring/,
    ],
    [
      "a connector's secret that others can read, deep in a list",
      "connectors: { home: { type: pigeons, loft: x, birds: [{ name: a, keyFile: ./key }] } }\n",
      (folder) => {
        writeFileSync(join(folder, "key"), "hush");
        chmodSync(join(folder, "key"), 0o604);
      },
      /^warning connectors\.home\.birds\.0\.keyFile: .*\(chmod 600 HERE\/key\)$/,
    ],
    [
      "a password whose token could not be kept, and what only the service has",
      "storeKeyFile: credential:store-key\n",
      () => undefined,
      /^warning storeKeyFile: credential:store-key .*\(run `sotto config check` in the service\)$/,
    ],
  ])("finds %s", async (_what, yaml, spoil, words) => {
    expect(await findings(yaml, spoil)).toEqual([expect.stringMatching(words)]);
  });

  it("finds a folder that cannot be written to, unless this user may write anywhere", async (context) => {
    if (process.getuid?.() === 0) return context.skip("root may write anywhere");
    const lock = (folder: string): void => chmodSync(join(folder, "data"), 0o500);
    expect(await findings("", lock)).toEqual([expect.stringMatching(/^error data: .*cannot be written to/)]);
  });
});

describe("config show", () => {
  it("is the config as it holds, with where each value is said", async () => {
    const path = configFor(NOWHERE);
    const folder = temporaryDirectory();
    mkdirSync(join(folder, "more"));
    const more = writeConfig("rotation: { maxPeriod: 2d }\ncaFile: ./ca.pem\n", join(folder, "more"));
    const args = ["config", "show", "--config", path, "--config", more];
    const env = { SOTTO__LOG__LEVEL: "debug", CREDENTIALS_DIRECTORY: "/run/credentials/sotto.service" };
    const { code, stdout } = await sotto(args, { env: { ...env, SOTTO__STORE_KEY_FILE: "credential:key" } });
    expect(code).toBe(0);
    expect(stdout).toContain(`  maxPeriod: 2d # ${more}:1\n`);
    expect(stdout).toContain("  level: debug # $SOTTO__LOG__LEVEL\n");
    expect(stdout).toContain("storeKeyFile: credential:key # $SOTTO__STORE_KEY_FILE\n");
    expect(stdout).toContain("  shareWith: signed\n");
    expect(parse(stdout)).toMatchObject({
      homeserver: NOWHERE,
      data: join(dirname(path), "data"),
      caFile: join(folder, "more/ca.pem"),
      rotation: { maxPeriod: "2d", maxMessages: 100 },
      trust: { keyTimeout: "5s" },
    });
    expect(resultOf(await sotto([...args, "--json"], { env }))).toMatchObject({
      files: [path, more],
      config: { rotation: { maxPeriod: "2d" } },
      from: { "log.level": "$SOTTO__LOG__LEVEL", "rotation.maxPeriod": `${more}:1` },
    });
  }, 30_000);

  it("is a config itself, which says the same, and shows no secret", () => {
    const path = configFor(NOWHERE);
    const text = `connectors: { home: { type: pigeons, loft: x } }\nroutes: [{ from: home, to: "!a" }]\n`;
    writeFileSync(path, readFileSync(path, "utf8") + text);
    const shown = showConfig({ files: [path], environment: {} }, PIGEONS);
    const again = writeConfig(asYaml(shown));
    const load = (file: string) =>
      loadConfig({ files: [file], environment: {} }, { connectorTypes: PIGEONS });
    const { path: _, files: __, pathOf: ___, ...config } = load(path);
    expect(load(again)).toMatchObject(config);
    expect(asYaml(shown)).toContain("    rest: 30s\n");
    const token = readFileSync(join(path, "../data/access-token"), "utf8").trim();
    expect(JSON.stringify([shown, asYaml(shown)])).not.toContain(token);
  });

  it("refuses a config that is wrong", async () => {
    const args = ["config", "show", "--config", writeConfig("homeserver: nonsense\n"), "--json"];
    expect(errorOf(await sotto(args))).toMatchObject({ code: "CONFIG_INVALID", exitCode: 2 });
  });
});

describe("the registry of connectors", () => {
  /** The files of ours that a command loads. */
  async function loadedBy(args: readonly string[]): Promise<{ code: number | null; modules: string }> {
    const noted = join(temporaryDirectory(), "modules");
    const hook = join(import.meta.dirname, "../support/note-modules.mjs");
    const env = { NOTED_MODULES: noted, NODE_OPTIONS: `--import ${hook}` };
    const { code } = await startProgram(CLI_SOURCE, args, { env }).ended;
    return { code, modules: readFileSync(noted, "utf8") };
  }

  it("is loaded by no send: each pays for every module that it loads", async () => {
    const path = configFor(NOWHERE);
    writeFileSync(path, `${readFileSync(path, "utf8")}connectors: { home: { type: pigeons } }\n`);
    const sample = join(import.meta.dirname, "../../samples/hello.ogg");
    const send = await loadedBy(["send", sample, "--room", "!room", "--config", path]);
    expect(send).toMatchObject({ code: 4, modules: expect.stringContaining("/src/config/load.ts") });
    expect(send.modules).toContain("/src/service/pipeline.ts");
    expect(send.modules).not.toContain("/src/connector/");
    const check = await loadedBy(["config", "check", "--config", path]);
    expect(check).toMatchObject({ code: 2, modules: expect.stringContaining("/src/connector/index.ts") });
  }, 60_000);
});
