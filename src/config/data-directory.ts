import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { SottoError } from "../errors.ts";

/** `--config`; else `./sotto.yaml` if it is there; else `$SOTTO_CONFIG`. */
export function configPath(flag: string | undefined, environment: NodeJS.ProcessEnv = process.env): string {
  const here = resolve("sotto.yaml");
  if (flag !== undefined) return resolve(flag);
  return environment.SOTTO_CONFIG && !existsSync(here) ? resolve(environment.SOTTO_CONFIG) : here;
}

/** The config's text. Throws `CONFIG_NOT_FOUND`. */
export function readConfigFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new SottoError("CONFIG_NOT_FOUND", `cannot read the config ${path}`, { cause });
  }
}

/**
 * Where the data lie, and nothing else: all that a command needs when another process holds the store and has read
 * the rest. A config that is wrong elsewhere is found out by whoever reads it whole.
 */
export function dataDirectoryOf(path: string): string {
  const text = readConfigFile(path);
  let data: unknown;
  try {
    data = (parse(text) as { data?: unknown } | null)?.data;
  } catch {
    data = undefined;
  }
  return resolve(dirname(path), typeof data === "string" ? data : "./data");
}
