import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { pipeline, Readable, type Writable } from "node:stream";
import { SottoError } from "../errors.ts";

/** What ffmpeg reads as its standard input: an open file, which it can seek in, or chunks through a pipe. */
export type FfmpegInput = { fd: number } | { chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array> };

export interface FfmpegLimits {
  /** Kills ffmpeg; its reason is then what is thrown. */
  signal?: AbortSignal;
  /** Kills ffmpeg when it takes longer: `FFMPEG_FAILED`. Ten minutes when absent. */
  timeLimitMs?: number;
  /** Called when ffmpeg, or the thread that decodes in its place, has been started. */
  onStart?: () => void;
}

export interface FfmpegRun extends FfmpegLimits {
  /** The argument vector, without the program. No shell ever sees it. */
  args: readonly string[];
  input?: FfmpegInput;
  /** Takes what ffmpeg writes to `pipe:1`. */
  onStdout: (chunk: Buffer) => void;
  /** Takes what ffmpeg writes to `pipe:3`. */
  onPipe3?: (chunk: Buffer) => void;
}

const DEFAULT_TIME_LIMIT_MS = 10 * 60_000;
const STDERR_KEPT_BYTES = 4096;
const REASON_MAX_LENGTH = 200;

/**
 * The ffmpeg to run: `$SOTTO_FFMPEG`, else the first `ffmpeg` on the PATH.
 *
 * @returns its path
 * @throws SottoError `FFMPEG_MISSING`
 */
export async function findFfmpeg(): Promise<string> {
  const named = process.env.SOTTO_FFMPEG;
  if (named) {
    if (await isExecutable(named)) return named;
    throw new SottoError("FFMPEG_MISSING", "$SOTTO_FFMPEG names no program", {
      cure: "let $SOTTO_FFMPEG name an ffmpeg with libopus, or unset it",
    });
  }
  for (const folder of (process.env.PATH ?? "").split(delimiter).filter(Boolean)) {
    const path = join(folder, "ffmpeg");
    if (await isExecutable(path)) return path;
  }
  throw new SottoError("FFMPEG_MISSING", "there is no ffmpeg on the PATH");
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/**
 * The version of ffmpeg, as it names itself.
 *
 * @throws SottoError `FFMPEG_MISSING`, `FFMPEG_FAILED`
 */
export async function ffmpegVersion(limits: FfmpegLimits = {}): Promise<string> {
  const chunks: Buffer[] = [];
  await runFfmpeg({ ...limits, args: ["-version"], onStdout: (chunk) => chunks.push(chunk) });
  return /^ffmpeg version (\S+)/.exec(Buffer.concat(chunks).toString())?.[1] ?? "unknown";
}

/**
 * Runs ffmpeg to its end. The only place in Sotto that starts a process.
 *
 * @throws SottoError `FFMPEG_MISSING` where there is none or it has no libopus, `AUDIO_NOT_AUDIO` where it finds no
 *   sound in its input, `FFMPEG_FAILED` for anything else and for the time limit; the signal's reason; an error of
 *   `input.chunks` as it is
 */
export async function runFfmpeg(run: FfmpegRun): Promise<void> {
  const { args, input, onStdout, onPipe3, timeLimitMs = DEFAULT_TIME_LIMIT_MS } = run;
  run.signal?.throwIfAborted();
  const program = await findFfmpeg();
  const timeLimit = AbortSignal.timeout(timeLimitMs);
  const signal = run.signal ? AbortSignal.any([run.signal, timeLimit]) : timeLimit;

  const stdin = input === undefined ? "ignore" : "fd" in input ? input.fd : "pipe";
  const child = spawn(program, ["-hide_banner", "-nostdin", "-v", "error", ...args], {
    stdio: [stdin, "pipe", "pipe", onPipe3 ? "pipe" : "ignore"],
    env: childEnvironment(),
  });
  run.onStart?.();
  let stderr = Buffer.alloc(0);
  child.stdout?.on("data", onStdout);
  child.stderr?.on("data", (chunk: Buffer) => {
    // the beginning is kept, where the first cause stands; the rest is drained
    if (stderr.length < STDERR_KEPT_BYTES) stderr = Buffer.concat([stderr, chunk]);
  });
  if (onPipe3) (child.stdio[3] as Readable).on("data", onPipe3);

  const kill = (): void => {
    child.kill("SIGKILL");
    // a wrapper script's own child would hold the pipes open
    for (const stream of child.stdio) stream?.destroy();
  };
  signal.addEventListener("abort", kill);
  try {
    let sourceError: unknown;
    if (input && "chunks" in input) {
      feed(input.chunks, child.stdin!, (error) => {
        sourceError = error;
      });
    }
    const exit = await ended(child);
    run.signal?.throwIfAborted();
    if (timeLimit.aborted) {
      throw new SottoError("FFMPEG_FAILED", `ffmpeg did not finish within ${timeLimitMs / 1000} s`);
    }
    if (sourceError !== undefined) throw sourceError;
    if (exit !== 0) throw explain(stderr.toString(), exit);
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

/** Nothing of ours but what a program needs to be found and to find its libraries; messages in English. */
function childEnvironment(): NodeJS.ProcessEnv {
  const { PATH, LD_LIBRARY_PATH } = process.env;
  return { LC_ALL: "C", ...(PATH ? { PATH } : {}), ...(LD_LIBRARY_PATH ? { LD_LIBRARY_PATH } : {}) };
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
 * Copies the chunks to ffmpeg's standard input. It may stop reading before their end, which is not an error: the exit
 * code tells. Nobody waits for the copy, because a source that falls silent would keep it alive.
 */
function feed(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  stdin: Writable,
  onSourceError: (error: unknown) => void,
): void {
  const source = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  // only what the source itself throws is its error: that ffmpeg has stopped reading comes in at the `yield`
  const next = async () => {
    try {
      return await source.next();
    } catch (error) {
      onSourceError(error);
      throw error;
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

// what ffmpeg says of an input that is no recording, from version 5.1 to 9
const NOT_AUDIO = /Invalid data found|: End of file|matches no streams|not on whitelist|Decode error rate/;

function explain(stderr: string, exit: number | NodeJS.Signals): SottoError {
  if (/Unknown encoder 'libopus'/.test(stderr)) {
    return new SottoError("FFMPEG_MISSING", "this ffmpeg was built without libopus");
  }
  const cause = firstLine(stderr) ?? `ffmpeg ended with ${exit}`;
  if (typeof exit === "number" && NOT_AUDIO.test(stderr)) {
    return new SottoError("AUDIO_NOT_AUDIO", "ffmpeg finds no sound in the recording", { cause });
  }
  return new SottoError("FFMPEG_FAILED", "ffmpeg could not encode the recording", { cause });
}

/** What ffmpeg complained of first, fit for a log: one short printable line, without the addresses it puts before. */
function firstLine(stderr: string): string | undefined {
  return stderr
    .replace(/^(\[[^\]\n]*\] ?)+/gm, "")
    .replace(/[^\x20-\x7E\n]/g, "")
    .split("\n")
    .map((line) => line.trim())
    .find(Boolean)
    ?.slice(0, REASON_MAX_LENGTH);
}
