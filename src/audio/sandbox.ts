import { spawn } from "node:child_process";
import { realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SottoError } from "../errors.ts";
import { findProgram } from "./find-program.ts";

/** What stands between a hostile recording and this machine, besides the allow-lists. */
export interface Layers {
  /** bubblewrap: no network, no files but libraries, no other processes to be seen. */
  sandbox: boolean;
  /** Why there is none. */
  reason?: string;
  /** prlimit: an end to memory, no files written, no core dumps. */
  limits: boolean;
}

/** A program and its argument vector. */
export type CommandLine = readonly [program: string, ...args: string[]];

/** Address space; Debian's ffmpeg 5.1 and a static 9.0 both manage with 400 MB. */
const MAX_MEMORY_BYTES = 1024 ** 3;
const MAX_OPEN_FILES = 256;
const LIMITS = [`--as=${MAX_MEMORY_BYTES}`, "--core=0", "--fsize=0", `--nofile=${MAX_OPEN_FILES}`];

/** The same namespaces for every run; `--clearenv` because bubblewrap itself sets PWD. */
const ISOLATION = ["--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--clearenv"];

/** Where a program's libraries may lie; what is not there is left out. */
const LIBRARIES = [
  ...["/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib"],
  ...["/nix/store", "/gnu/store", "/etc/ld.so.cache", "/etc/alternatives"],
].flatMap((path) => ["--ro-bind-try", path, path]);

const PROBE_LIMIT_MS = 5_000;

/**
 * Puts a program behind all that this machine has.
 *
 * @throws SottoError `SANDBOX_MISSING` when the sandbox is required and there is none that works
 */
export async function confine(command: CommandLine, requireSandbox = false): Promise<CommandLine> {
  const [bwrap, prlimit] = await Promise.all([findProgram("bwrap"), findProgram("prlimit")]);
  const reason = bwrap ? await whyNot(bwrap) : NO_BWRAP;
  if (reason !== undefined && requireSandbox) {
    throw new SottoError("SANDBOX_MISSING", "ffmpeg would run without a sandbox", { cause: reason });
  }
  const [program, ...args] = command;
  const inside: CommandLine =
    bwrap && reason === undefined ? await inSandbox(bwrap, program, args) : [program, ...args];
  return prlimit ? [prlimit, ...LIMITS, "--", ...inside] : inside;
}

/** Which layers hold here. */
export async function sandboxLayers(): Promise<Layers> {
  const [bwrap, prlimit] = await Promise.all([findProgram("bwrap"), findProgram("prlimit")]);
  const reason = bwrap ? await whyNot(bwrap) : NO_BWRAP;
  return { sandbox: reason === undefined, ...(reason && { reason }), limits: prlimit !== undefined };
}

/** Throws `SANDBOX_MISSING` where there is none that works. */
export async function requireSandbox(): Promise<void> {
  const { sandbox, reason } = await sandboxLayers();
  if (!sandbox)
    throw new SottoError("SANDBOX_MISSING", "ffmpeg would run without a sandbox", { cause: reason });
}

const NO_BWRAP = "there is no bwrap on the PATH";

async function inSandbox(bwrap: string, program: string, args: readonly string[]): Promise<CommandLine> {
  const binary = await realpath(program);
  const own = join(dirname(dirname(binary)), "lib"); // of an ffmpeg that brings its libraries
  return [
    bwrap,
    ...ISOLATION,
    ...LIBRARIES,
    ...["--ro-bind-try", own, own],
    ...["--proc", "/proc", "--dir", "/dev", "--dev-bind", "/dev/null", "/dev/null"],
    ...["--ro-bind", binary, binary],
    ...["--chdir", "/", "--", binary, ...args],
  ];
}

/**
 * Asked of each bubblewrap, which is installed on many machines whose kernel or container does not let it work. That it
 * works is known from then on; that it does not may have been a machine out of breath.
 */
const tried = new Map<string, Promise<string | undefined>>();
const ASK_AGAIN_MS = 60_000;

function whyNot(bwrap: string): Promise<string | undefined> {
  let known = tried.get(bwrap);
  if (known) return known;
  known = tryOut(bwrap);
  tried.set(bwrap, known);
  known.then((reason) => {
    if (reason !== undefined) setTimeout(() => tried.delete(bwrap), ASK_AGAIN_MS).unref();
  });
  return known;
}

/** Lets it start itself inside: there is no smaller program that is surely here. */
async function tryOut(bwrap: string): Promise<string | undefined> {
  const [program, ...args] = await inSandbox(bwrap, bwrap, ["--version"]);
  const child = spawn(program, args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: {},
    timeout: PROBE_LIMIT_MS,
    killSignal: "SIGKILL",
  });
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString("latin1")).slice(0, 200);
  });
  return new Promise((resolve) => {
    child.once("error", () => resolve("bwrap does not start"));
    child.once("close", (code) =>
      resolve(
        code === 0
          ? undefined
          : complaint.replace(/[^\x20-\x7E]+/g, " ").trim() || "bwrap does not work here",
      ),
    );
  });
}
