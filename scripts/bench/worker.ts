import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import type { Load } from "./report-load.ts";

const run = promisify(execFile);

/** Runs a program of this folder in a process of its own; gives what it prints. */
export async function worker(program: string, argument: object): Promise<string> {
  const { stdout } = await run(process.execPath, [
    path.join(import.meta.dirname, program),
    JSON.stringify(argument),
  ]);
  return stdout;
}

/** A contestant that prints its {@link Load}. */
export const load = (program: string, argument: object) => async (): Promise<Load> =>
  JSON.parse(await worker(program, argument)) as Load;
