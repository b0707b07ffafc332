import { execFile } from "node:child_process";
import { realpath, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { requireSandbox, sandboxLayers } from "../../src/audio/index.ts";
import { confine } from "../../src/audio/sandbox.ts";
import { checkAudio } from "../../src/service/audio-checks.ts";
import { Sotto } from "../../src/service/sotto.ts";
import { MINIMAL, writeConfig } from "../support/config.ts";
import { pcmFormat, wav } from "./by-hand.ts";
import { clipOf } from "./clip.ts";
import { describeWithFfmpeg, folder, hideLayers, putProgram } from "./with-ffmpeg.ts";

const layers = await sandboxLayers();
if (!layers.sandbox) console.warn(`skipped: these tests need a sandbox: ${layers.reason}`);
if (!layers.limits) console.warn("skipped: these tests need prlimit");

/** Runs shell commands where ffmpeg would run: built-in ones, for there are no others. */
async function inside(script: string): Promise<string> {
  const [program, ...args] = await confine([await realpath("/bin/sh"), "-c", script]);
  const { stdout } = await promisify(execFile)(program, args, { env: {} });
  return stdout.trim();
}

describe.skipIf(!layers.sandbox)("the sandbox", () => {
  it("has no files but libraries", async () => {
    const mine = join(folder, "mine");
    await writeFile(mine, "mine");
    for (const path of ["/etc/passwd", "/home", "/root", "/tmp", "/usr/share", "/sys", "/dev/shm", mine]) {
      expect(await inside(`test -e ${path} && echo there`).catch(() => "")).toBe("");
    }
  });

  it("has nothing of our environment, and no process but its own", async () => {
    process.env.SOTTO_TEST_TOKEN = "secret";
    onTestFinished(() => void delete process.env.SOTTO_TEST_TOKEN);
    const environment = await inside("set");
    expect(environment).not.toMatch(/secret|HOME/);
    expect(environment).not.toContain(process.env.PATH);
    expect(await inside("echo /proc/[0-9]*")).toBe("/proc/1 /proc/2");
  });

  it("has no network, not even this machine's", async () => {
    const server = createServer((_, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const ask = `require("node:net").connect(${port}, "127.0.0.1").on("connect", () => process.exit(0)).on("error", () => process.exit(9))`;
    const node = await realpath(process.execPath);
    await promisify(execFile)(node, ["-e", ask]); // it can be reached from here
    // node wants more memory than ffmpeg may have
    const [, ...bwrap] = (await confine([node, "-e", ask])).slice((await confine([node])).indexOf("--"));
    await expect(promisify(execFile)(bwrap[0]!, bwrap.slice(1), { env: {} })).rejects.toMatchObject({
      code: 9,
    });
  });
});

describe.skipIf(!layers.limits)("the limits", () => {
  it("are set for memory, files and dumps", async () => {
    expect(await inside("ulimit -v; ulimit -f; ulimit -c")).toBe("1048576\n0\n0");
  });
});

describe("where there is no sandbox", () => {
  const recording = { bytes: wav(pcmFormat(8000, 1), Buffer.alloc(16_000, 7)) };
  const missing = { code: "SANDBOX_MISSING", cure: expect.stringContaining("bubblewrap") };

  it.each([
    ["is not installed", undefined],
    ["is not allowed to work", "echo 'bwrap: No permissions to create a new namespace' >&2; exit 1"],
  ])("ffmpeg is not started if one is required: bubblewrap %s", async (_name, script) => {
    hideLayers();
    if (script) await putProgram("bwrap", script);
    await expect(requireSandbox()).rejects.toMatchObject(missing);
    await expect(clipOf(recording, { requireSandbox: true })).rejects.toMatchObject(missing);
  });

  it("the account is not opened if the config requires one", async () => {
    hideLayers();
    const config = writeConfig(`${MINIMAL}audio: { requireSandbox: true }\n`);
    await expect(Sotto.open(config)).rejects.toMatchObject(missing);
  });

  it("doctor says so, and fails where one is required", async () => {
    hideLayers();
    const audio = { bitrate: 32, maxDuration: 1, trimSilence: false, requireSandbox: false };
    const sandbox = async (requireSandbox: boolean) =>
      (await checkAudio({ ...audio, requireSandbox })).find(({ name }) => name === "sandbox");
    expect(await sandbox(false)).toMatchObject({
      result: "warn",
      cure: expect.stringContaining("bubblewrap"),
    });
    expect(await sandbox(true)).toMatchObject({ result: "fail" });
  });
});

describeWithFfmpeg("where there is none and none is required", () => {
  it("ffmpeg runs all the same", async () => {
    hideLayers();
    const bytes = wav(pcmFormat(8000, 1), Buffer.alloc(16_000, 7));
    expect(await clipOf({ bytes })).toMatchObject({ durationMs: 1000 });
  });
});
