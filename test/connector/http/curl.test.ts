import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { MemoryIntake } from "../../../src/connector/contract/index.ts";
import type { IncomingRecording, Taken } from "../../../src/model/connector.ts";
import { openDoor, TOKEN } from "../../support/http-connector.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

const run = promisify(execFile);
const version = spawnSync("curl", ["--version"], { encoding: "utf8" }).stdout?.split("\n")[0];
if (!version) console.warn("there is no curl: what it does with the http connector is not tested");

/** Large enough that curl waits for 100 Continue. */
const recording = randomBytes(2_000_000);

const LARGE_BYTES = 60_000_000;
const SIP_BYTES = 6_000_000;
const collectGarbage = exposedGc();

/** Reads more slowly than a client sends, keeps nothing, and looks how much lies in memory meanwhile. */
class Sipping extends MemoryIntake {
  sipped = 0;
  readonly looks: number[] = [];

  override async take({ source, ...recording }: IncomingRecording): Promise<Taken> {
    const before = heldBytes();
    for await (const chunk of (source as { stream: Readable }).stream) {
      this.sipped += chunk.length;
      if (this.sipped % SIP_BYTES < chunk.length) this.looks.push(heldBytes() - before);
      for (let turn = 0; turn < 8; turn += 1) await new Promise(setImmediate);
    }
    return await super.take({ ...recording, source: { bytes: new Uint8Array() } });
  }
}

function heldBytes(): number {
  // what the first one found is given back by the second at the latest
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

function exposedGc(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

/** Runs curl with the token; what it prints is the status and the body. */
async function curl(url: string, ...args: string[]): Promise<string> {
  const { stdout } = await run("curl", [
    ...["--silent", "--show-error", "--noproxy", "*", "--max-time", "20", "--write-out", " %{http_code}"],
    ...["--oauth2-bearer", TOKEN, ...args, url],
  ]);
  return stdout;
}

function bell(): string {
  const path = join(temporaryDirectory(), "bell.wav");
  writeFileSync(path, recording);
  return path;
}

describe.skipIf(!version)(`${version}`, () => {
  const taken = '{"jobs":[{"job":1,"url":"/v1/jobs/1"}]}\n 202';

  it.each([
    ["-T", (path: string) => ["-T", path]],
    ["-T with a caller", (path: string) => ["-T", path, "-H", "Sotto-Caller: Haustür"]],
    ["--data-binary, which calls it a form", (path: string) => ["--data-binary", `@${path}`]],
    ["-F", (path: string) => ["-F", "caller=Haustür", "-F", `audio=@${path}`]],
    ["-T in chunks", (path: string) => ["-T", path, "-H", "Transfer-Encoding: chunked"]],
  ])("sends a recording with %s", async (how, args) => {
    const { port, intake } = await openDoor();
    const path = bell();
    expect(await curl(`http://127.0.0.1:${port}/v1/rooms/%23team:example.org/voice`, ...args(path))).toBe(
      taken,
    );
    expect(intake.taken.map(({ bytes }) => recording.equals(bytes))).toEqual([true]);
    const isNamed = how === "-F" || how.includes("caller");
    expect(intake.taken[0]?.about).toEqual(isNamed ? { caller: "Haustür" } : undefined);
  });

  it.each([
    ["as a body", (path: string) => ["-T", path]],
    ["in a form", (path: string) => ["-F", `audio=@${path}`]],
  ])("may send what is much larger than our memory, %s", async (_how, args) => {
    const intake = new Sipping();
    const { port } = await openDoor({}, intake);
    const path = join(temporaryDirectory(), "long.wav");
    writeFileSync(path, "");
    truncateSync(path, LARGE_BYTES);
    expect(await curl(`http://127.0.0.1:${port}/v1/rooms/!ops/voice`, ...args(path))).toBe(taken);
    expect(intake.sipped).toBe(LARGE_BYTES);
    // a single look may find what is about to be collected
    const [usual] = intake.looks.sort((a, b) => a - b).slice(intake.looks.length / 2);
    expect(usual).toBeLessThan(LARGE_BYTES / 5);
  });

  it("reads why it was refused, also in the middle of its body", async () => {
    const { port } = await openDoor({ maxBytes: 1_000_000 });
    const url = `http://127.0.0.1:${port}/v1/rooms/!ops/voice`;
    const chunked = ["-H", "Transfer-Encoding: chunked"];
    for (const args of [[], chunked, [...chunked, "-H", "Expect:"], ["-H", "Expect:"]])
      expect(await curl(url, "-T", bell(), ...args)).toMatch(/REQUEST_TOO_LARGE.*\n 413$/);
  });

  it("is told what its URL lacks", async () => {
    const { port } = await openDoor();
    const base = `http://127.0.0.1:${port}/v1/rooms`;
    expect(await curl(`${base}/!ops/voice/`, "-T", bell())).toMatch(/slash at the end.* 404$/s);
    expect(await curl(`${base}/#team:example.org/voice`, "-T", bell())).toMatch(/%23.* 404$/s);
  });
});
