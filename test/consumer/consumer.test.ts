import { execFile } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { install, npm, pack } from "../../scripts/pack/install.ts";
import { CONNECTORS } from "../../src/connector/index.ts";
import { probe } from "../support/probe.ts";
import { record } from "../support/recordings.ts";
import { startProgram } from "../support/sotto.ts";
import { type Listener, openWorld, type World } from "../support/world.ts";

// Somebody else's empty folder: the packed tarball, npm as it comes, install scripts off.

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");

let world: World;
let project: string;
let installed: string;
const manifests = () =>
  ["package.json", "package-lock.json"].map((name) => readFileSync(join(root, name), "utf8"));
const before = manifests();
beforeAll(async () => {
  world = await openWorld();
  project = join(world.folder, "consumer");
  installed = await install(await pack(world.folder), project, "--ignore-scripts");
});

describe("the tarball", () => {
  it("has the manifest of the working tree, which is as it was", () => {
    expect(manifests()).toEqual(before);
    expect(readFileSync(join(installed, "package.json"), "utf8")).toBe(before[0]);
  });

  it("holds no TypeScript source, no test and no path of this machine", () => {
    const files = filesBelow(installed);
    expect(files.filter((file) => /(?<!\.d)\.[cm]?ts$/.test(file))).toEqual([]);
    expect(files.filter((file) => /(?:^|\/)(?:test|tests|__tests__)\//.test(file))).toEqual([]);
    const ours = files.filter((file) => /^[^/]+$|^dist\/(?!node_modules)/.test(file));
    const text = ours.map((file) => readFileSync(join(installed, file), "utf8")).join("\n");
    for (const place of [root, homedir()]) expect(text).not.toContain(`${place}/`);
  });

  it("runs nothing when it is installed, and needs no other package", async () => {
    const manifests = filesBelow(project).filter((file) => file.endsWith("/package.json"));
    for (const manifest of manifests) {
      const { scripts = {} } = JSON.parse(readFileSync(join(project, manifest), "utf8"));
      expect(Object.keys(scripts)).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/^(?:pre|post)?install$/)]),
      );
    }
    await npm(project, "ls"); // npm finds nothing missing and nothing wrong
    expect(readdirSync(join(project, "node_modules")).filter((name) => !name.startsWith("."))).toEqual([
      "sotto",
    ]);
  });

  it("lists the licences of what it contains", () => {
    const licences = readFileSync(join(installed, "dist/LICENSES.txt"), "utf8");
    for (const name of ["commander", "express", "opus-decoder", "pg", "zod"])
      expect(licences).toMatch(new RegExp(`^${name} [\\d.]+ \\(`, "m"));
  });
});

describe("matrix-bot-sdk in it", () => {
  it("has our engine in place of the native one", async () => {
    const sotto = createRequire(join(installed, "dist/index.js"));
    const botSdk = createRequire(sotto.resolve("matrix-bot-sdk"));
    const engine = botSdk.resolve("@matrix-org/matrix-sdk-crypto-nodejs");
    expect(relative(installed, engine)).not.toMatch(/^\.\./);
    expect(
      filesBelow(project).filter((file) => file.endsWith(".node") || file.endsWith("download-lib.js")),
    ).toEqual([]);
    const { OlmMachine, UserId, DeviceId } = botSdk("@matrix-org/matrix-sdk-crypto-nodejs");
    const store = join(world.folder, "bot-store");
    const machine = await OlmMachine.initialize(
      new UserId("@bot:example.org"),
      new DeviceId("BOT"),
      store,
      "secret",
    );
    expect(machine.identityKeys.ed25519.toBase64()).toMatch(/^[A-Za-z0-9+/]{43}$/);
    machine.close();
    expect(existsSync(join(store, "crypto.sqlite"))).toBe(true);
  });

  it("can be imported by whoever writes a bot", async () => {
    const script =
      'import { MatrixClient, RustSdkCryptoStorageProvider } from "sotto/matrix-bot-sdk"; console.log(MatrixClient.name, RustSdkCryptoStorageProvider.name)';
    expect(await inProject(script)).toBe("MatrixClient RustSdkCryptoStorageProvider\n");
  });
});

describe("somebody who installed it", () => {
  let listener: Listener;
  let roomId: string;

  it("reads the help", async () => {
    const { stdout } = await npm(project, "exec", "--", "sotto", "--help");
    expect(stdout).toContain("voice messages into end-to-end encrypted Matrix rooms");
  });

  it("has types", async () => {
    writeFileSync(
      join(project, "typed.ts"),
      `import { Sotto, type SendResult } from "sotto";
       const sotto: Sotto = await Sotto.open("sotto.yaml");
       const { eventId }: SendResult = await sotto.sendVoice("!room", { path: "a.ogg" });
       // @ts-expect-error: an event ID is no number
       const wrong: number = eventId;
       // @ts-expect-error: and this is no policy
       const policy: "everyone" = sotto.account.config.trust.shareWith;
       console.log(wrong, policy);`,
    );
    await compile("typed.ts");
  });

  it("makes a connector, whose types hold and which keeps the contract", async () => {
    const own = ["own-connector.ts", "own-connector.test.ts", "own-service.ts"];
    for (const name of own) await copyFile(join(root, "examples", name), join(project, name));
    await compile(...own);
    const { stdout } = await run(process.execPath, ["--test", "own-connector.test.ts"], { cwd: project });
    expect(stdout).toMatch(/\bpass \d\d/);
    expect(stdout).toMatch(/\bfail 0\b/);
  });

  it("makes a device", async () => {
    listener = await world.newListener();
    const { userId, password } = await world.newAccount();
    writeFileSync(join(project, "password"), password, { mode: 0o600 });
    await npm(
      project,
      ...["exec", "--", "sotto", "init", "--yes", "--homeserver", world.proxy.baseUrl, "--user", userId],
      ...["--password-file", "password", "--recovery-key-out", "recovery-key"],
    );
    ({ roomId } = await listener.request("create_room", { encrypted: true, invite: [userId] }));
  });

  it("gets a client for bots", async () => {
    const script = `
      import { Sotto } from "sotto";
      import { MatrixClient } from "sotto/matrix-bot-sdk";
      const sotto = await Sotto.open("sotto.yaml");
      const client = await sotto.client();
      console.log(client instanceof MatrixClient, (await client.getJoinedRooms()).length);
      await sotto.close();`;
    expect(await inProject(script)).toBe("true 0\n");
  });

  it("has numbers for Prometheus", async () => {
    appendFileSync(join(project, "sotto.yaml"), "listen: ./health.sock\n");
    const service = startProgram(join(installed, "dist/cli.js"), ["run"], { cwd: project });
    await service.says("running");
    expect((await probe(join(project, "health.sock"), "/metrics")).body).toContain("sotto_build_info{");
    expect((await service.end("SIGTERM")).code).toBe(0);
  });

  it("sends a voice message with the ten-line program", async () => {
    await copyFile(join(root, "examples/send-voice.mjs"), join(project, "send-voice.mjs"));
    await expectHeard(await sendWithProgram(await record("for-a-consumer.wav")));
  });

  it("sends one that is ready without any ffmpeg", async () => {
    const ready = await record("for-a-consumer.ogg", undefined, "-c:a", "libopus", "-ac", "1");
    const env = { ...process.env, PATH: project, SOTTO_FFMPEG: undefined };
    await expectHeard(await sendWithProgram(ready, env));
    const send = [join(installed, "dist/cli.js"), "send", ready, "--room", roomId, "--json"];
    const { stdout } = await run(process.execPath, send, { cwd: project, env });
    await expectHeard((JSON.parse(stdout) as { eventId: string }).eventId);
  });

  it("has PostgreSQL's client, and no package of it", async () => {
    const database = "postgresql://synapse@127.0.0.1:1/synapse";
    const args = ["prove", "--room", roomId, "--database", database, "--json"];
    const { code, stderr } = await startProgram(join(installed, "dist/cli.js"), args, { cwd: project }).ended;
    expect(code).toBe(2);
    expect(stderr).toContain("database synapse: connect ECONNREFUSED 127.0.0.1:1");
  });

  it("pays for no connector where it only sends", async () => {
    const noted = join(project, "modules");
    const hook = join(root, "test/support/note-modules.mjs");
    const env = { ...process.env, NOTED_MODULES: noted, NODE_OPTIONS: `--import ${hook}` };
    const ready = await record("without-connectors.ogg", undefined, "-c:a", "libopus", "-ac", "1");
    await run(process.execPath, [join(installed, "dist/cli.js"), "send", ready, "--room", roomId], {
      cwd: project,
      env,
    });
    const loaded = [...new Set(readFileSync(noted, "utf8").match(/(?<=^file:\/\/)[^?\n]+\.m?js$/gm))];
    expect(loaded).toContain(join(installed, "dist/program.js"));
    expect(loaded).not.toContain(join(installed, "dist/postgres.js"));
    const text = loaded.map((file) => readFileSync(file, "utf8")).join("\n");
    for (const { description } of CONNECTORS) expect(text).not.toContain(description);
    expect(text).not.toContain("class HttpConnector");
  });

  async function sendWithProgram(recording: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
    const send = ["send-voice.mjs", roomId, recording];
    const { stdout } = await run(process.execPath, send, { cwd: project, env });
    return /^(\$\S+): 1 devices can play it/.exec(stdout)![1]!;
  }

  async function expectHeard(eventId: string): Promise<void> {
    const heard = await listener.request("wait_event", { roomId, eventId, timeoutMs: 20_000 });
    expect(heard).toMatchObject({ decrypted: true, content: { msgtype: "m.audio" } });
  }
});

/** With the types of Node, and of nothing else but what was installed. */
async function compile(...files: string[]): Promise<void> {
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "esnext"];
  const types = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")];
  const extensions = "--allowImportingTsExtensions";
  await run(join(root, "node_modules/.bin/tsc"), [...options, extensions, ...types, ...files], {
    cwd: project,
  });
}

async function inProject(script: string): Promise<string> {
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { cwd: project });
  return stdout;
}

/** Paths from the folder on, with `/` between folders. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
