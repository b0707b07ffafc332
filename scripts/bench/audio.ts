import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { availableParallelism } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { sandboxLayers } from "../../src/audio/index.ts";
import { OPUSENC_SETTINGS } from "../../test/audio/speech.ts";
import type { AudioTask, Cost, OurEncoding } from "./audio-worker.ts";
import { inRounds, ratio } from "./measure.ts";
import { seamQuality } from "./seam-quality.ts";
import { opusencIsMissing, speechQuality } from "./speech-quality.ts";
import type { Figure } from "./table.ts";

const run = promisify(execFile);
const at = (file: string): string => path.join(import.meta.dirname, file);
const SPOKEN = at("../../samples/hello.flac");
const SPOKEN_SECONDS = 10;
const LONG_SECONDS = 600;

const OPUSENC = "opusenc";
const OPEN = "sandbox off";
const CLOSED = "sandbox on";

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
  const [rounds, longSeconds] = isQuick ? [1, 60] : [3, LONG_SECONDS];
  const { sandbox, reason } = await sandboxLayers();
  if (!sandbox) console.warn(`nothing is measured with the sandbox on: ${reason}`);
  const missing = parts.includes("encode") ? await opusencIsMissing() : undefined;
  if (missing) console.warn(`nothing is measured against opusenc: ${missing}`);
  const openPath = await pathWithoutSandbox(folder);
  const bench: Bench = { folder, rounds, longSeconds, sandbox, openPath, hasOpusenc: !missing };
  const formats = Object.keys(FORMATS);
  const hours = isQuick ? 0.1 : 3;
  const lengths = isQuick ? [10] : [10, 60, LONG_SECONDS];
  const figures: Figure[] = [];
  if (parts.includes("encode"))
    for (const seconds of lengths)
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
  /** Of what takes more than a message's time. */
  longSeconds: number;
  /** Whether there is one that works. */
  sandbox: boolean;
  /** A PATH that has none. */
  openPath: string;
  hasOpusenc: boolean;
}

async function encodes(bench: Bench, format: string, seconds: number): Promise<Figure[]> {
  const recording = await speak(bench.folder, seconds, format.toLowerCase(), FORMATS[format]!);
  // it takes no other format of these
  const { hasOpusenc } = bench;
  const opusenc = format === "WAV" && hasOpusenc && { [OPUSENC]: { bare: [opusencOf(recording)] } };
  const {
    floor,
    [OPUSENC]: theirs,
    ...ours
  } = await measure(bench, recording, seconds, {
    ...{ floor: { bare: [bareEncode(recording)] }, ...opusenc },
    ...encodings(bench, 1),
  });
  return Object.entries(ours).flatMap(([name, costs]) => {
    const atMost = seconds > 10 ? 1.1 : name === OPEN ? 1.15 : 1.25;
    const what = `${seconds} s of ${format}, ${name}`;
    return [
      ...compare(what, costs, floor!, atMost),
      ...(theirs ? compare(`${what}; floor is opusenc`, costs, theirs) : []),
    ];
  });
}

/** Ten minutes with two encoders: the best of five rounds, since they need two cores that nobody else has. */
async function shared(bench: Bench, format: string): Promise<Figure[]> {
  if (availableParallelism() < 2) return [];
  const { folder, rounds, longSeconds } = bench;
  const recording = await speak(folder, longSeconds, format.toLowerCase(), FORMATS[format]!);
  const often = { ...bench, rounds: rounds > 1 ? 5 : 1 };
  const { floor, one, ...two } = await measure(often, recording, longSeconds, {
    floor: { bare: [bareEncode(recording)] },
    one: Object.values(encodings(bench, 1))[0]!,
    ...encodings(bench, 2),
  });
  const what = `${longSeconds} s of ${format}, two encoders`;
  return [
    ...Object.entries(two).flatMap(([name, costs]) =>
      compare(`${what}, ${name}`, costs, floor!, { wallMs: 0.65, cpuMs: 1.2 }),
    ),
    ...compare(`${what}; floor is Sotto with one`, Object.values(two)[0]!, one!),
  ].map(best);
}

const bareEncode = (recording: string) => ["ffmpeg", ...QUIET, "-i", recording, ...ENCODE, "/dev/null"];
const opusencOf = (recording: string) => [OPUSENC, ...OPUSENC_SETTINGS, recording, "/dev/null"];

/** Ours, as far as there is a sandbox. */
function encodings({ sandbox, openPath }: Bench, encoders: number): Record<string, OurEncoding> {
  const closed = { path: process.env.PATH!, isSandboxed: true, encoders };
  return { ...(sandbox && { [CLOSED]: closed }), [OPEN]: { path: openPath, isSandboxed: false, encoders } };
}

const best = (figure: Figure): Figure => ({
  ...figure,
  ratio: Math.min(...figure.values) / Math.min(...figure.floor),
});

async function fastPath(bench: Bench): Promise<Figure[]> {
  const { folder, longSeconds } = bench;
  const recording = await speak(folder, longSeconds, "ogg", ["-c:a", "libopus", "-b:a", "32k"]);
  const { floor, ours } = await measure(bench, recording, longSeconds, {
    floor: {
      bare: [
        ["ffmpeg", ...QUIET, "-i", recording, "-c", "copy", "-f", "ogg", "/dev/null"],
        ["ffmpeg", ...QUIET, "-i", recording, ...DECODE, "/dev/null"],
      ],
    },
    ours: encodings(bench, 1)[OPEN]!,
  });
  return compare(`${longSeconds} s of Ogg/Opus, packets kept`, ours!, floor!, 1.5);
}

async function measure(
  { folder, rounds }: Bench,
  recording: string,
  seconds: number,
  contestants: AudioTask["contestants"],
): Promise<Record<string, Cost[]>> {
  const task: AudioTask = {
    path: recording,
    warmUp: await speak(folder, SPOKEN_SECONDS, "wav", FORMATS.WAV!),
    // what is short varies more
    rounds: seconds > 60 ? rounds : 2 * rounds + 1,
    batch: Math.ceil(60 / seconds),
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

function compare(name: string, ours: Cost[], floor: Cost[], atMost?: number | Cost): Figure[] {
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
      atMost: typeof atMost === "object" ? atMost[key] : atMost,
    };
  });
}
