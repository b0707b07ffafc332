import { type ChildProcess, spawn } from "node:child_process";
import { pipeline, Readable, type Writable } from "node:stream";
import { SottoError } from "../errors.ts";
import { explain, type FfmpegEnd } from "./complaints.ts";
import { findFfmpeg } from "./find-program.ts";
import { confine } from "./sandbox.ts";
import { WorkClock } from "./work-clock.ts";

/** What ffmpeg reads as its standard input: an open file, which it can seek in, or chunks through a pipe. */
export type FfmpegInput = { fd: number } | { chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array> };

export interface FfmpegLimits {
  /** Kills ffmpeg; its reason is then what is thrown. */
  signal?: AbortSignal;
  /**
   * Kills ffmpeg when it takes longer: `FFMPEG_FAILED`. What it waits for its input, or for somebody to take its output,
   * is not counted; but its input must not be silent for longer either: `TIMEOUT`. Ten minutes when absent.
   */
  timeLimitMs?: number;
  /** Refuses to start ffmpeg outside of a sandbox: `SANDBOX_MISSING`. */
  requireSandbox?: boolean;
  /** Called when ffmpeg, or the thread that decodes in its place, has been started. */
  onStart?: () => void;
}

export interface FfmpegRun extends FfmpegLimits {
  /** The argument vector, without the program. No shell ever sees it. */
  args: readonly string[];
  input?: FfmpegInput;
  /** Whether it writes to `pipe:3` too. */
  secondOutput?: boolean;
}

/** Whoever starts it reads both outputs to their end at the same time, or kills it: else it waits for ever. */
export interface RunningFfmpeg {
  /** What it writes to `pipe:1`. */
  output: Readable;
  /** What it writes to `pipe:3`. */
  secondOutput: Readable | undefined;
  /**
   * Settles when it is gone and its outputs are read. Rejects with the signal's reason, `FFMPEG_FAILED` for the time
   * limit, and an error of `input.chunks` as it is. The exit code is not judged.
   */
  ended: Promise<FfmpegEnd>;
  clock: WorkClock;
  /** With all its group. */
  kill(): void;
}

export const DEFAULT_TIME_LIMIT_MS = 10 * 60_000;
const STDERR_KEPT_BYTES = 4096;

/**
 * Starts ffmpeg with an empty environment, as the head of a process group of its own, behind what {@link confine} has.
 *
 * @throws SottoError `FFMPEG_MISSING`, `SANDBOX_MISSING`; the signal's reason
 */
export async function startFfmpeg(run: FfmpegRun): Promise<RunningFfmpeg> {
  const { args, input, secondOutput = false, timeLimitMs = DEFAULT_TIME_LIMIT_MS } = run;
  run.signal?.throwIfAborted();
  const [program, ...argv] = await confine(
    [await findFfmpeg(), "-hide_banner", "-nostdin", "-v", "error", ...args],
    run.requireSandbox,
  );
  run.signal?.throwIfAborted();

  const stdin = input === undefined ? "ignore" : "fd" in input ? input.fd : "pipe";
  const child = spawn(program, argv, {
    stdio: [stdin, "pipe", "pipe", secondOutput ? "pipe" : "ignore"],
    env: {},
    cwd: "/",
    detached: true,
  });
  run.onStart?.();
  const closed = ended(child);
  closed.catch(() => {}); // told below, or where it is awaited
  if (!child.stdout || (stdin === "pipe" && !child.stdin)) {
    throw await closed.then(
      () => new SottoError("FFMPEG_FAILED", "ffmpeg did not start"),
      (error) => error,
    );
  }
  let stderr = Buffer.alloc(0);
  child.stderr?.on("data", (chunk: Buffer) => {
    // the beginning is kept, where the first cause stands; the rest is drained
    if (stderr.length < STDERR_KEPT_BYTES) stderr = Buffer.concat([stderr, chunk]);
  });

  let failure: { reason: unknown } | undefined;
  const kill = (): void => {
    killGroup(child);
    // what has left its group would hold the pipes open
    for (const stream of child.stdio) stream?.destroy();
  };
  const fail = (reason: unknown): void => {
    failure ??= { reason };
    kill();
  };
  const abort = (): void => fail(run.signal?.reason);
  run.signal?.addEventListener("abort", abort);
  const clock = new WorkClock(timeLimitMs, () =>
    fail(new SottoError("FFMPEG_FAILED", `ffmpeg did not finish within ${timeLimitMs / 1000} s`)),
  );
  clock.resume();
  // only what the source itself throws is its error; that ffmpeg has stopped reading is none
  if (input && "chunks" in input) feed(input.chunks, child.stdin!, clock, fail);

  const gone = closed
    .then((exit) => {
      if (failure) throw failure.reason;
      return { exit, complaints: stderr.toString() };
    })
    .finally(() => {
      clock.stop();
      run.signal?.removeEventListener("abort", abort);
    });
  gone.catch(() => {}); // whoever reads the outputs asks later
  return {
    output: child.stdout!,
    secondOutput: secondOutput ? (child.stdio[3] as Readable) : undefined,
    ended: gone,
    clock,
    kill,
  };
}

/**
 * Runs ffmpeg to its end.
 *
 * @returns what it wrote to its standard output
 * @throws SottoError like {@link startFfmpeg} and its `ended`; `AUDIO_NOT_AUDIO` and `FFMPEG_FAILED` for its exit code
 */
export async function runFfmpeg(run: FfmpegRun, onOutput: (chunk: Buffer) => void): Promise<void> {
  const ffmpeg = await startFfmpeg(run);
  ffmpeg.output.on("data", onOutput);
  const end = await ffmpeg.ended;
  if (end.exit !== 0) throw explain(end);
}

/**
 * The version of ffmpeg, as it names itself.
 *
 * @throws SottoError `FFMPEG_MISSING`, `FFMPEG_FAILED`
 */
export async function ffmpegVersion(limits: FfmpegLimits = {}): Promise<string> {
  const chunks: Buffer[] = [];
  await runFfmpeg({ ...limits, args: ["-version"] }, (chunk) => chunks.push(chunk));
  return /^ffmpeg version (\S+)/.exec(Buffer.concat(chunks).toString())?.[1] ?? "unknown";
}

/** A wrapper's own children, and what is in a sandbox, go with it. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}

/** Exit code, or the name of the signal that ended it. */
function ended(child: ChildProcess): Promise<number | NodeJS.Signals> {
  return new Promise((resolve, reject) => {
    child.once("error", (error) =>
      reject(new SottoError("FFMPEG_FAILED", "ffmpeg did not start", { cause: error })),
    );
    child.once("close", (code, signal) => resolve(signal ?? code ?? "SIGKILL"));
  });
}

/**
 * Copies the chunks to ffmpeg's standard input. It may stop reading before their end, which is not an error: what it
 * wrote tells. Nobody waits for the copy, because a source that falls silent would keep it alive.
 */
function feed(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  stdin: Writable,
  clock: WorkClock,
  fail: (reason: unknown) => void,
): void {
  const source = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  const next = async () => {
    clock.pause();
    try {
      return await source.next();
    } catch (error) {
      fail(error);
      throw error;
    } finally {
      clock.resume();
    }
  };
  const watched = async function* () {
    try {
      for (let result = await next(); !result.done; result = await next()) yield result.value;
    } finally {
      await source.return?.();
    }
  };
  pipeline(Readable.from(watched()), stdin, () => {});
}
