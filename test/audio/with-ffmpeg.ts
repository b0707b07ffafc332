import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, onTestFinished, vi } from "vitest";
import { findFfmpeg } from "../../src/audio/index.ts";

/** Path of the ffmpeg to test with; undefined when there is none. */
const ffmpeg = await findFfmpeg().catch(() => undefined);
if (!ffmpeg) console.warn("skipped: these tests need an ffmpeg with libopus on the PATH");

// a test starts several processes, and other test files run beside it
vi.setConfig({ testTimeout: 30_000 });

/** `describe` for tests that need ffmpeg. */
export const describeWithFfmpeg = describe.skipIf(!ffmpeg);

/** A folder for the recordings of one test file. */
export const folder = mkdtempSync(join(tmpdir(), "sotto-audio-"));
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Records with ffmpeg.
 *
 * @param name the file's name; its ending chooses the container
 * @param lavfi a source of https://ffmpeg.org/ffmpeg-filters.html, e.g. `sine=frequency=440:duration=1`
 * @param options further options of the output
 * @returns the file's path
 */
export async function record(name: string, lavfi: string, ...options: string[]): Promise<string> {
  const path = join(folder, name);
  await run("-v", "error", "-y", "-f", "lavfi", "-i", lavfi, ...options, `file:${path}`);
  return path;
}

/** Runs ffmpeg; gives what it wrote to standard error. */
export async function run(...args: string[]): Promise<string> {
  const { stderr } = await promisify(execFile)(ffmpeg!, ["-nostdin", ...args]);
  return stderr;
}

/** Mono 16-bit samples at 48 kHz, as ffmpeg decodes the clip; it must not complain. */
export async function decode(clip: Uint8Array): Promise<Int16Array> {
  const path = join(folder, "clip.ogg");
  const pcm = join(folder, "clip.pcm");
  await writeFile(path, clip);
  const complaints = await run(
    "-v",
    "warning",
    "-y",
    "-i",
    path,
    "-f",
    "s16le",
    "-ac",
    "1",
    "-ar",
    "48000",
    pcm,
  );
  if (complaints) throw new Error(complaints);
  const bytes = await readFile(pcm);
  return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
}

/** Puts a shell script in ffmpeg's place until the test is over; without a sandbox, where no shell would start. */
export async function pretendFfmpeg(script: string): Promise<void> {
  const name = `pretended-ffmpeg-${randomUUID()}`; // what is known of one must not be believed of the next
  await putProgram(name, script);
  set("SOTTO_FFMPEG", join(folder, name));
  hideLayers();
}

/** Until the test is over, there is no ffmpeg. */
export const hideFfmpeg = (): void => set("SOTTO_FFMPEG", join(folder, "no-ffmpeg"));

/** Until the test is over, there is neither bubblewrap nor prlimit; ffmpeg stays. */
export function hideLayers(): void {
  if (!process.env.SOTTO_FFMPEG && ffmpeg) set("SOTTO_FFMPEG", ffmpeg);
  set("PATH", folder);
}

/** Puts a shell script on the path that {@link hideLayers} leaves. */
export async function putProgram(name: string, script: string): Promise<void> {
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, name), 0o755);
}

function set(name: string, value: string): void {
  const before = process.env[name];
  process.env[name] = value;
  onTestFinished(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}

/** Recordings that have a name in memory; one of another test has it for a moment. */
export const namedInMemory = async (): Promise<string[]> =>
  (await readdir("/dev/shm").catch(() => [])).filter((name) => name.startsWith("sotto-"));

/** Processes that this one has started and that are still there, also as zombies; `esbuild` is the test runner's. */
export async function children(): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir("/proc").catch(() => [])) {
    const stat = /^\d+$/.test(entry) ? await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "") : "";
    const [, name = "", parent] = /\((.*)\) \S (\d+)/.exec(stat) ?? [];
    if (Number(parent) === process.pid && name !== "esbuild") found.push(`${entry} ${name}`);
  }
  return found;
}
