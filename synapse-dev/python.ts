import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";

const setup = path.join(import.meta.dirname, "python/environment.py");

/** The Python of a development environment (its list is python/<name>.txt), which is set up if need be. */
export async function pythonEnvironment(name: "synapse" | "witness" | "ffmpeg"): Promise<string> {
  const run = promisify(execFile)("python3", [setup, name]);
  run.child.stderr?.pipe(process.stderr, { end: false });
  return (await run).stdout.trim();
}
