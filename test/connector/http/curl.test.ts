import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { openDoor, TOKEN } from "../../support/http-connector.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

const run = promisify(execFile);
const version = spawnSync("curl", ["--version"], { encoding: "utf8" }).stdout?.split("\n")[0];
if (!version) console.warn("there is no curl: what it does with the http connector is not tested");

/** Large enough that curl waits for 100 Continue. */
const recording = randomBytes(2_000_000);

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
