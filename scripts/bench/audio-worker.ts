// A warm process that makes clips and starts bare ffmpegs in turn, under reaper.py. Prints one JSON document: for each
// contestant its rounds.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { encodeVoice, sandboxLayers } from "../../src/audio/index.ts";
import { encryptAttachment } from "../../src/media/attachment.ts";
import { inRounds } from "./measure.ts";

/** What one recording cost. */
export interface Cost {
  wallMs: number;
  /** Of this process, of those it started, and of those they left behind. */
  cpuMs: number;
}

export interface AudioTask {
  path: string;
  /** A short one, for the compiler. */
  warmUp: string;
  rounds: number;
  /** Recordings a measurement: the kernel counts in steps of 10 ms. */
  batch: number;
  /** By the contestant's name: bare argument vectors, one after another, or how to encode. */
  contestants: Record<string, { bare: string[][] } | OurEncoding>;
}

export interface OurEncoding {
  /** The PATH to encode with. */
  path: string;
  isSandboxed: boolean;
  /** How many share the work. */
  encoders: number;
}

const { path, warmUp, rounds, batch, contestants } = JSON.parse(process.argv[2]!) as AudioTask;
const run = promisify(execFile);
const TICK_MS = 10;
const plainPath = process.env.PATH!;
const orphans = new Socket({ fd: 3, readable: true, writable: false });
const orphanTimes = createInterface(orphans)[Symbol.asyncIterator]();

/** Of the children that were waited for: cutime and cstime of proc_pid_stat(5). */
function childrenMs(): number {
  const fields = readFileSync("/proc/self/stat", "latin1").split(") ")[1]!.split(" ");
  return (Number(fields[13]) + Number(fields[14])) * TICK_MS;
}

async function measured(work: () => Promise<void>, orphansEach: number): Promise<Cost> {
  const own = process.cpuUsage();
  const childrenBeforeMs = childrenMs();
  const startMs = performance.now();
  for (let turn = 0; turn < batch; turn++) await work();
  const wallMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(own);
  let childMs = childrenMs() - childrenBeforeMs;
  for (let orphan = 0; orphan < batch * orphansEach; orphan++) {
    const orphanMs = Number((await orphanTimes.next()).value) / 1000;
    assert(orphanMs > 0, "the sandboxed process has no times");
    childMs += orphanMs;
  }
  return { wallMs: wallMs / batch, cpuMs: ((user + system) / 1000 + childMs) / batch };
}

async function encode(recording: string, encoders = 1): Promise<void> {
  const { chunks, facts } = encodeVoice({ path: recording }, { encoders });
  const { ciphertext } = encryptAttachment(chunks);
  for await (const _ of ciphertext);
  assert(!(await facts).truncated);
}

/** Does with the PATH what is done with it. */
async function onPath<T>(contestant: { path: string }, work: () => Promise<T>): Promise<T> {
  process.env.PATH = contestant.path;
  try {
    return await work();
  } finally {
    process.env.PATH = plainPath;
  }
}

let isAsked = false;
const runs: [string, () => Promise<Cost>][] = [];
for (const [name, contestant] of Object.entries(contestants)) {
  if ("bare" in contestant) {
    const bare = async () => {
      for (const [program, ...args] of contestant.bare) await run(program!, args);
    };
    runs.push([name, () => measured(bare, 0)]);
    continue;
  }
  const { encoders, isSandboxed } = contestant;
  const processes = encoders > 1 ? 1 + encoders : 1;
  await onPath(contestant, async () => {
    assert((await sandboxLayers()).sandbox === isSandboxed);
    if (isSandboxed && !isAsked) await orphanTimes.next(); // of the question, whose answer is kept
    isAsked ||= isSandboxed;
    await measured(() => encode(warmUp), isSandboxed ? 1 : 0);
  });
  const ours = () => measured(() => encode(path, encoders), isSandboxed ? processes : 0);
  runs.push([name, () => onPath(contestant, ours)]);
}
console.log(JSON.stringify(await inRounds(rounds, Object.fromEntries(runs))));
orphans.destroy();
