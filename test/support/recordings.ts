import { execFile } from "node:child_process";
import { appendFileSync } from "node:fs";
import { copyFile, readFile } from "node:fs/promises";
import { join, parse } from "node:path";
import { promisify } from "node:util";
import { inject } from "vitest";

const run = promisify(execFile);

/** Where the recordings of the suite lie; the last test looks for all of them in what was sent. */
const inSuite = (name: string): string => join(inject("synapse").audio, name);

/** Says that a word is for the people in the room only; gives it back. */
export function secretWord(word: string): string {
  appendFileSync(inject("synapse").secretWords, `${word}\n`);
  return word;
}

/**
 * Makes a recording with ffmpeg.
 *
 * @param name its ending chooses the format; the name itself must not be found in any request
 * @param lavfi a source of https://ffmpeg.org/ffmpeg-filters.html; by default noise, which repeats nowhere
 */
export async function record(
  name: string,
  lavfi = `anoisesrc=duration=1.5:seed=${name.length * 7919}:amplitude=0.3`,
  ...options: string[]
): Promise<string> {
  const path = inSuite(name);
  const stem = parse(name).name;
  // one plain word is found in many a request
  if (!/\W|\d/.test(stem) && stem.length < 16)
    throw new Error(`"${stem}" is no name that nothing else holds`);
  secretWord(stem);
  await run("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", lavfi, ...options, `file:${path}`]);
  return path;
}

/** Keeps a clip that was heard among the recordings: it must not be found in any request either. */
export async function keep(name: string, file: string): Promise<void> {
  await copyFile(file, inSuite(name));
}

/** What ffmpeg says a recording is: `Audio: opus, 48000 Hz, mono, …`, and how long it plays. */
export async function examine(path: string): Promise<{ stream: string; durationMs: number }> {
  const { stderr } = await run("ffmpeg", ["-hide_banner", "-i", `file:${path}`, "-f", "null", "-"]);
  const [, hours, minutes, seconds] = /.*time=(\d+):(\d+):([\d.]+)/s.exec(stderr) ?? [];
  return {
    stream: /Audio: .*/.exec(stderr)?.[0] ?? "",
    durationMs: Math.round((Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000),
  };
}

/** The bytes of a recording begin as those of Ogg Opus do. RFC 7845 section 3. */
export async function isOggOpus(path: string): Promise<boolean> {
  const bytes = await readFile(path);
  return bytes.toString("latin1", 0, 4) === "OggS" && bytes.toString("latin1", 28, 36) === "OpusHead";
}
