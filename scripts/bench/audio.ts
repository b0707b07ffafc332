import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { availableParallelism } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { sandboxLayers } from "../../src/audio/index.ts";
import type { AudioTask, Cost } from "./audio-worker.ts";
import { inRounds, ratio } from "./measure.ts";
import { seamQuality } from "./seam-quality.ts";
import { speechQuality } from "./speech-quality.ts";
import type { Figure } from "./table.ts";

const run = promisify(execFile);
const at = (file: string): string => path.join(import.meta.dirname, file);
const SPOKEN = at("../../samples/hello.flac");
const SPOKEN_SECONDS = 10;

const QUIET = ["-nostdin", "-v", "error", "-y"];
/** As src/audio/arguments.ts has it, without all that is there for safety's sake and for the waveform's. */
const ENCODE = [
  ...["-c:a", "libopus", "-ac", "1", "-ar", "48000", "-b:a", "32000", "-vbr", "on", "-application", "voip"],
  ...["-frame_duration", "20", "-compression_level", "10", "-f", "ogg"],
];
const DECODE = ["-c:a", "pcm_s16le", "-ac", "1", "-ar", "8000", "-f", "s16le"];

const FORMATS: Record<string, string[]> = {
  WAV: ["-ar", "48000", "-c:a", "pcm_s16le"],
  MP3: ["-ar", "44100", "-b:a", "128k"],
  M4A: ["-ar", "44100", "-c:a", "aac", "-b:a", "128k"],
};

export const AUDIO_PARTS = ["encode", "shared", "kept", "memory", "quality"] as const;
export type AudioPart = (typeof AUDIO_PARTS)[number];

/** What a clip costs, encryption and hash included, against bare ffmpeg doing the encoding alone. */
export async function audio(
  folder: string,
  isQuick: boolean,
  parts: readonly AudioPart[],
): Promise<Figure[]> {
  const rounds = isQuick ? 1 : 3;
  const { sandbox, reason } = await sandboxLayers();
  if (!sandbox) console.warn(`nothing is measured with the sandbox on: ${reason}`);
  const bench: Bench = { folder, rounds, sandbox, openPath: await pathWithoutSandbox(folder) };
  const formats = Object.keys(FORMATS);
  const hours = isQuick ? 0.5 : 3;
  const figures: Figure[] = [];
  if (parts.includes("encode"))
    for (const seconds of [10, 60, 600])
      for (const format of formats) figures.push(...(await encodes(bench, format, seconds)));
  if (parts.includes("shared")) for (const format of formats) figures.push(...(await shared(bench, format)));
  if (parts.includes("kept")) figures.push(...(await fastPath(bench)));
  if (parts.includes("memory"))
    figures.push(await memory(bench, hours, 1, 15), await memory(bench, hours, 2, 50));
  if (parts.includes("quality"))
    figures.push(...(await speechQuality(folder)), ...(await seamQuality(folder)));
  return figures;
}

interface Bench {
  folder: string;
  rounds: number;
  /** Whether there is one that works. */
  sandbox: boolean;
  /** A PATH that has none. */
  openPath: string;
}

async function encodes(bench: Bench, format: string, seconds: number): Promise<Figure[]> {
  const recording = await speak(bench.folder, seconds, format.toLowerCase(), FORMATS[format]!);
  const { floor, ...ours } = await measure(bench, recording, seconds, [
    [...QUIET, "-i", recording, ...ENCODE, "/dev/null"],
  ]);
  return Object.entries(ours).flatMap(([name, costs]) => {
    const atMost = seconds > 10 ? 1.1 : name === OPEN ? 1.15 : 1.25;
    return compare(`${seconds} s of ${format}, ${name}`, costs, floor!, atMost);
  });
}

/** Ten minutes with two encoders: the best of five rounds, since they need two cores that nobody else has. */
async function shared(bench: Bench, format: string): Promise<Figure[]> {
  if (availableParallelism() < 2) return [];
  const recording = await speak(bench.folder, 600, format.toLowerCase(), FORMATS[format]!);
  const floor = [[...QUIET, "-i", recording, ...ENCODE, "/dev/null"]];
  const { floor: bare, ...ours } = await measure({ ...bench, rounds: 5 }, recording, 600, floor, 2);
  return Object.entries(ours).flatMap(([name, costs]) =>
    compare(`600 s of ${format}, two encoders, ${name}`, costs, bare!, { wallMs: 0.65, cpuMs: 1.2 }).map(
      best,
    ),
  );
}

const best = (figure: Figure): Figure => ({
  ...figure,
  ratio: Math.min(...figure.values) / Math.min(...figure.floor),
});

async function fastPath(bench: Bench): Promise<Figure[]> {
  const recording = await speak(bench.folder, 600, "ogg", ["-c:a", "libopus", "-b:a", "32k"]);
  const { floor, [OPEN]: ours } = await measure({ ...bench, sandbox: false }, recording, 600, [
    [...QUIET, "-i", recording, "-c", "copy", "-f", "ogg", "/dev/null"],
    [...QUIET, "-i", recording, ...DECODE, "/dev/null"],
  ]);
  return compare("600 s of Ogg/Opus, packets kept", ours!, floor!, 1.5);
}

const OPEN = "sandbox off";

async function measure(
  { folder, rounds, sandbox, openPath }: Bench,
  recording: string,
  seconds: number,
  floor: string[][],
  encoders = 1,
): Promise<Record<string, Cost[]>> {
  const contestants: AudioTask["contestants"] = { floor: { ffmpeg: floor } };
  if (sandbox) contestants["sandbox on"] = { path: process.env.PATH!, isSandboxed: true, encoders };
  contestants[OPEN] = { path: openPath, isSandboxed: false, encoders };
  const warmUp = await speak(folder, SPOKEN_SECONDS, "wav", FORMATS.WAV!);
  const batch = Math.ceil(60 / seconds);
  // what is short varies more
  const task: AudioTask = {
    path: recording,
    warmUp,
    rounds: seconds > 60 ? rounds : 2 * rounds + 1,
    batch,
    contestants,
  };
  const { stdout } = await run("python3", [
    ...[at("reaper.py"), process.execPath, at("audio-worker.ts"), JSON.stringify(task)],
  ]);
  return JSON.parse(stdout) as Record<string, Cost[]>;
}

/** Resident memory of the process that hands a recording on, a long one against a short one. */
async function memory(
  { folder, rounds }: Bench,
  hours: number,
  encoders: number,
  atMost: number,
): Promise<Figure> {
  const telephone = ["-ar", "8000", "-c:a", "pcm_s16le"];
  const peak = async (seconds: number) => {
    const recording = await speak(folder, seconds, "memory.wav", telephone);
    const { stdout } = await run(process.execPath, [at("audio-memory.ts"), recording, String(encoders)]);
    return Number(stdout);
  };
  const { long, short } = await inRounds(Math.min(2, rounds), {
    long: () => peak(hours * 3600),
    short: () => peak(SPOKEN_SECONDS),
  });
  const difference = Math.max(...long.map((megabytes, round) => megabytes - short[round]!));
  const name = `resident memory, ${hours} h of WAV against 10 s, encoders: ${encoders}`;
  return { name, unit: "MB", values: long, floor: short, ratio: ratio(long, short), difference, atMost };
}

/** The spoken sentence again and again, for so long. */
async function speak(folder: string, seconds: number, ending: string, options: string[]): Promise<string> {
  const file = path.join(folder, `${seconds}.${ending}`);
  const times = String(Math.ceil(seconds / SPOKEN_SECONDS) - 1);
  await run("ffmpeg", [
    ...QUIET,
    "-stream_loop",
    times,
    "-i",
    SPOKEN,
    "-t",
    String(seconds),
    ...options,
    file,
  ]);
  return file;
}

/** ffmpeg and prlimit, and no bubblewrap. */
async function pathWithoutSandbox(folder: string): Promise<string> {
  const programs = path.join(folder, "without-sandbox");
  await mkdir(programs);
  for (const name of ["ffmpeg", "prlimit"]) {
    const { stdout } = await run("sh", ["-c", `command -v ${name} || true`]);
    if (stdout) await symlink(stdout.trim(), path.join(programs, name));
  }
  return programs;
}

function compare(name: string, ours: Cost[], floor: Cost[], atMost: number | Cost): Figure[] {
  return (["wallMs", "cpuMs"] as const).map((key) => {
    const [values, floors] = [ours, floor].map((costs) => costs.map((cost) => cost[key])) as [
      number[],
      number[],
    ];
    assert([...values, ...floors].every((value) => value > 0));
    const unit = "ms";
    return {
      name: `${name}, ${key === "wallMs" ? "wall" : "CPU"}`,
      unit,
      values,
      floor: floors,
      ratio: ratio(values, floors),
      atMost: typeof atMost === "number" ? atMost : atMost[key],
    };
  });
}
