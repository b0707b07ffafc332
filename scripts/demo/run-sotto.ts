import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** Runs the command line of this checkout with `--json`, as a person's script would, and gives what it printed. */
export async function runSotto(...args: string[][]): Promise<unknown> {
  const command = join(import.meta.dirname, "../sotto");
  const { stdout } = await promisify(execFile)(command, [...args.flat(), "--json"]);
  return JSON.parse(stdout);
}
