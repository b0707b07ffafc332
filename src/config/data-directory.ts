import { existsSync, readFileSync, type Stats } from "node:fs";
import { dirname, resolve } from "node:path";
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
export async function dataDirectoryOf(path: string): Promise<string> {
  const text = readConfigFile(path);
  return resolve(dirname(path), plainData(text) ?? (await parsedData(text)) ?? "./data");
}

/** The same without a YAML parser, for what must be known before anything is loaded; undefined if that cannot tell. */
export function plainDataDirectoryOf(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const data = plainData(readConfigFile(path));
  return data === undefined ? undefined : resolve(dirname(path), data);
}

/**
 * Whether a key stands nowhere in the config, in no spelling of YAML: one with an escape counts as well, and so does a
 * comment. For what may begin before the config is read.
 */
export const saysNothingOf = (key: string, path: string): boolean =>
  !new RegExp(`\\b${key}\\b|\\\\`).test(readConfigFile(path));

/** `data: ./data` on a line of its own, as `sotto init` writes it: with a slash in it, it can be nothing but a path. */
function plainData(text: string): string | undefined {
  return /^data:[ \t]+([\w.-]*\/[\w./-]*)(?:[ \t]+#.*)?[ \t]*\r?\n(?![ \t])/m.exec(`${text}\n`)?.[1];
}

async function parsedData(text: string): Promise<string | undefined> {
  const { parse } = await import("yaml");
  try {
    const data = (parse(text) as { data?: unknown } | null)?.data;
    return typeof data === "string" ? data : undefined;
  } catch {
    return undefined;
  }
}

/** Owned by the user this process runs as. */
export const isOurs = ({ uid }: Pick<Stats, "uid">): boolean => uid === process.getuid?.();

/** Owned by us, and closed to others as far as the mode bits of `closed` say. */
export const isOursAlone = (stats: Pick<Stats, "uid" | "mode">, closed: number): boolean =>
  isOurs(stats) && (stats.mode & closed) === 0;
