import { existsSync, readFileSync, type Stats } from "node:fs";
import { dirname, resolve } from "node:path";
import { SottoError } from "../errors.ts";

/** Where a config is said. A path alone stands for that file, and this process's environment. */
export interface ConfigSource {
  /** Absolute paths. What a later file says goes before what an earlier one says. */
  files: readonly string[];
  /** `SOTTO__…` in it goes before every file. */
  environment: NodeJS.ProcessEnv;
}

/** `--config`, once or several times; else `./sotto.yaml` if it is there; else what `$SOTTO_CONFIG` names, between colons. */
export function configSource(
  flags: readonly string[] = [],
  environment: NodeJS.ProcessEnv = process.env,
): ConfigSource {
  const here = resolve("sotto.yaml");
  const named = (environment.SOTTO_CONFIG ?? "").split(":").filter(Boolean);
  const files = flags.length > 0 ? flags : named.length > 0 && !existsSync(here) ? named : [here];
  return { files: files.map((file) => resolve(file)), environment };
}

export const sourceOf = (source: string | ConfigSource): ConfigSource =>
  typeof source === "string" ? configSource([source]) : source;

/** The config's text. Throws `CONFIG_NOT_FOUND`. */
export function readConfigFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new SottoError("CONFIG_NOT_FOUND", `cannot read the config ${path}`, { cause });
  }
}

/** Before the name of a key, its sections' names and "__" between them: `SOTTO__LOG__LEVEL`. */
export const VARIABLE_PREFIX = "SOTTO__";

const DATA_VARIABLE = `${VARIABLE_PREFIX}DATA`;

/**
 * Where the data lie, and nothing else: all that a command needs when another process holds the store and has read
 * the rest. A config that is wrong elsewhere is found out by whoever reads it whole.
 */
export async function dataDirectoryOf(source: string | ConfigSource): Promise<string> {
  const { files, environment } = sourceOf(source);
  const texts = files.map((file) => ({ file, text: readConfigFile(file) }));
  const variable = environment[DATA_VARIABLE];
  if (variable !== undefined) return resolve(variable);
  for (const { file, text } of texts.toReversed()) {
    const data = plainData(text) ?? (await parsedData(text));
    if (data !== undefined) return resolve(dirname(file), data);
  }
  return resolve(dirname(files[0]!), "./data");
}

/** The same without a YAML parser, for what must be known before anything is loaded; undefined if that cannot tell. */
export function plainDataDirectoryOf({ files, environment }: ConfigSource): string | undefined {
  if (!files.every((file) => existsSync(file))) return undefined;
  const variable = environment[DATA_VARIABLE];
  if (variable !== undefined) return resolve(variable);
  for (const file of files.toReversed()) {
    const text = readConfigFile(file);
    const data = plainData(text);
    if (data !== undefined) return resolve(dirname(file), data);
    if (!isSilentOf("data", text)) return undefined;
  }
  return undefined;
}

/**
 * Whether a section is begun nowhere in the config, in no spelling of YAML: one with an escape counts as well, and so
 * does a comment. For what may begin before the config is read.
 */
export function saysNothingOf(section: string, source: string | ConfigSource): boolean {
  const { files, environment } = sourceOf(source);
  const prefix = `${VARIABLE_PREFIX}${section.toUpperCase()}`;
  return (
    files.every((file) => isSilentOf(section, readConfigFile(file))) &&
    Object.keys(environment).every((name) => !name.startsWith(prefix))
  );
}

const isSilentOf = (key: string, text: string): boolean => !new RegExp(`\\b${key}\\b|\\\\`).test(text);

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
