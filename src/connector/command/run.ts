import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";

export interface Run {
  program: string;
  args: readonly string[];
  env: Record<string, string>;
  /** Opens what it gets on its standard input. */
  open(): Readable;
  /** Bytes of it; it is told of its end only when it had them all. */
  size: number;
  /** Kills it, with all its group. */
  signal: AbortSignal;
}

export interface End {
  /** Exit code, or the name of the signal that ended it. */
  exit: number | NodeJS.Signals;
  /** The beginning of what it wrote to standard error. */
  stderr: string;
}

const STDERR_KEPT_BYTES = 4_096;
/** What it leaves running may hold its standard error open; nobody waits for that. */
const GRACE_MS = 1_000;

/**
 * Runs a program to its end, as the head of a process group of its own.
 *
 * @throws the signal's reason; what the recording throws, when it had not all of it; the system's error if it does not start
 */
export async function run({ open, ...rest }: Run): Promise<End> {
  rest.signal.throwIfAborted();
  const recording = open();
  try {
    return await runOn(recording, rest);
  } finally {
    recording.destroy();
  }
}

async function runOn(
  recording: Readable,
  { program, args, env, size, signal }: Omit<Run, "open">,
): Promise<End> {
  const child = spawn(program, args, { stdio: ["pipe", "ignore", "pipe"], env, cwd: "/", detached: true });
  const ended = endOf(child);
  // where the system has no descriptor left there are no pipes either
  if (!child.stdin) throw await ended.catch((error) => error);
  let failure: { reason: unknown } | undefined;
  const fail = (reason: unknown): void => {
    failure ??= { reason };
    killGroup(child);
  };
  const abort = (): void => fail(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  const stderr = beginningOf(child.stderr);
  const fed = feed(recording, size, child.stdin, fail);
  try {
    const exit = await ended;
    if (failure) throw failure.reason;
    return { exit, stderr: stderr() };
  } finally {
    signal.removeEventListener("abort", abort);
    recording.destroy(); // it may never come to its end
    await fed;
  }
}

/**
 * Copies the recording. A program may stop reading before its end: its exit code says what that means. But one that reads
 * to an end must not take half of it for the whole, so it is killed before its input is closed early.
 */
async function feed(
  recording: Readable,
  size: number,
  stdin: Writable,
  fail: (reason: unknown) => void,
): Promise<void> {
  const whole = async function* (): AsyncGenerator<Uint8Array> {
    let leftBytes = size;
    try {
      for await (const chunk of recording as AsyncIterable<Uint8Array>) {
        leftBytes -= chunk.length;
        yield chunk;
      }
      if (leftBytes !== 0) throw new Error("the recording is not as long as was said");
    } catch (thrown) {
      fail(thrown);
      throw thrown;
    }
  };
  await pipeline(whole, stdin).catch(() => undefined);
}

function beginningOf(stream: Readable): () => string {
  let kept = Buffer.alloc(0);
  stream.on("data", (chunk: Buffer) => {
    if (kept.length < STDERR_KEPT_BYTES) kept = Buffer.concat([kept, chunk]);
  });
  return () => kept.toString("utf8", 0, STDERR_KEPT_BYTES);
}

function endOf(child: ChildProcess): Promise<number | NodeJS.Signals> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    child.once("error", reject);
    child.once("exit", () => {
      timer = setTimeout(() => {
        for (const stream of child.stdio) stream?.destroy();
      }, GRACE_MS);
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve(signal ?? code ?? "SIGKILL");
    });
  });
}

/** While it runs its ID is its own; afterwards it might be another's. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}
