import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import { linesFrom } from "./log-lines.ts";
import { keepLog, newLog, suite } from "./suite.ts";

// The real command line, as a process of its own.

const TERMINAL = join(import.meta.dirname, "terminal.py");

/** The command, packed. */
export const cli = (): string => join(inject("packed"), "cli.js");
/** The command as it lies in a checkout: for what is asked of single sources. */
export const CLI_SOURCE = join(import.meta.dirname, "../../src/cli.ts");

/** Compiled once for the whole run: nobody tests how fast a source file is read. */
export const compileCache = () => ({ NODE_COMPILE_CACHE: join(inject("packed"), "compile-cache") });

export interface SottoOptions {
  /** Standard input; closed at once without it, or left open and silent. */
  input?: Uint8Array | "silent";
  /** Added to this process's environment; undefined takes a variable away. */
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Standard input and standard error are a terminal's: `types` is the person at it. */
  terminal?: boolean;
}

/** What a run left behind. */
export interface Outcome {
  /** Null when a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunningSotto {
  readonly pid: number;
  readonly ended: Promise<Outcome>;
  /** Resolves when standard error holds the text; rejects when the process ends without having said it. */
  says(text: string): Promise<void>;
  /** The same of standard output; never resolves when it ends without it. */
  prints(text: string): Promise<void>;
  /** At a terminal: what a person types, with Enter as a newline. */
  types(text: string): void;
  /** Sends the signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<Outcome>;
}

const LEVEL = "SOTTO__LOG__LEVEL";

const running = new Set<RunningSotto>();

export function startSotto(args: readonly string[], options?: SottoOptions): RunningSotto {
  return startProgram(cli(), args, options);
}

/** Starts another program of this repository as the command line is started. */
export function startProgram(
  path: string,
  args: readonly string[],
  { input, env = {}, cwd, terminal = false }: SottoOptions = {},
): RunningSotto {
  // in the end-to-end suite everything is logged, and searched afterwards; the test sees what it would see else, unless
  // the level is its own affair
  const logsAll = suite() !== undefined && !terminal && !(LEVEL in env);
  const shown = logsAll ? linesFrom(args[0] === "run" ? "info" : "warn") : (text: string) => text;
  const command = [process.execPath, path, ...args];
  const [program, ...rest] = terminal ? ["python3", TERMINAL, ...command] : command;
  const child = spawn(program!, rest, {
    cwd: cwd ?? tmpdir(),
    env: { ...process.env, ...compileCache(), ...(logsAll && { [LEVEL]: "debug" }), ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const outcome: Outcome = { code: null, stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    outcome.stdout += text;
  });
  let written = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    written += text;
    outcome.stderr += shown(text);
  });
  child.stdin.on("error", () => undefined); // it may end without reading, which its exit code explains
  if (input !== "silent" && !terminal) child.stdin.end(input);
  const ended = once(child, "close").then(([code]): Outcome => {
    running.delete(handle);
    outcome.stderr += shown("", true);
    keepLog(newLog(), written);
    return { ...outcome, code: code as number | null };
  });
  const handle: RunningSotto = {
    pid: child.pid!,
    ended,
    async says(text) {
      while (!outcome.stderr.includes(text)) {
        const over = await Promise.race([once(child.stderr, "data").then(() => undefined), ended]);
        if (over && !over.stderr.includes(text))
          throw new Error(`it ended without "${text}": ${over.stderr}`);
      }
    },
    async prints(text) {
      while (!outcome.stdout.includes(text)) await once(child.stdout, "data");
    },
    types: (text) => void child.stdin.write(text.replaceAll("\n", "\r")),
    async end(signal) {
      child.kill(signal);
      return ended;
    },
  };
  running.add(handle);
  return handle;
}

/** Runs the command line to its end. */
export function sotto(args: readonly string[], options?: SottoOptions): Promise<Outcome> {
  return startSotto(args, options).ended;
}

/** A test that fails half-way must not leave its processes behind. */
export async function endAllSotto(): Promise<void> {
  await Promise.all([...running].map((process) => process.end("SIGKILL")));
}

/** The result of a run that must have succeeded, as `--json` printed it. */
export function resultOf<T>({ code, stdout, stderr }: Outcome): T {
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** The JSON lines of a command that streams. */
export function linesOf<T>({ stdout }: Outcome): T[] {
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

export interface PrintedError {
  code: string;
  message: string;
  cause?: string;
  cure: string;
}

/** The error that `--json` printed as the last line of standard error. */
export function errorOf({ code, stdout, stderr }: Outcome): PrintedError & { exitCode: number | null } {
  if (code === 0) throw new Error(`it succeeded: ${stdout}`);
  const line = stderr.trimEnd().split("\n").at(-1) ?? "";
  return { ...(JSON.parse(line) as PrintedError), exitCode: code };
}
