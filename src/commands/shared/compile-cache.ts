import { lstatSync, mkdirSync, realpathSync, type Stats, statSync } from "node:fs";
import nodeModule from "node:module"; // whole: a Node too old to have the cache must come as far as to say so
import { join } from "node:path";
import { configSource, isOursAlone, plainDataDirectoryOf } from "../../config/data-directory.ts";

/**
 * Lets Node keep what it compiles in the data directory: a tenth of a second at each start from a checkout. Whoever can
 * write there can run code as us, so it is nowhere else and for nobody else (0700); and since the config in the current
 * directory may be a stranger's, both directories must be ours. Without a data directory, as before `sotto init`, or
 * when its place takes a YAML parser to find, there is no cache.
 */
export function useCompileCache(args: readonly string[], env: NodeJS.ProcessEnv): void {
  const data = plainDataDirectoryOf(configSource(configFlags(args), env));
  if (data === undefined) return;
  try {
    const directory = realpathSync(data);
    if (!isSafe(statSync(directory))) return;
    const cache = join(directory, "compile-cache");
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    if (isSafe(lstatSync(cache))) nodeModule.enableCompileCache(cache);
  } catch {
    // no data directory yet, or a full or read-only disk: whoever needs to write says so
  }
}

/** Ours, and no others may write there. */
const isSafe = (stats: Stats): boolean => stats.isDirectory() && isOursAlone(stats, 0o022);

/** `--config FILE` or `--config=FILE`, as often as it is given. A wrong guess costs time and nothing else. */
const configFlags = (args: readonly string[]): string[] =>
  args.flatMap((arg, at) => {
    if (arg.startsWith("--config=")) return [arg.slice("--config=".length)];
    return args[at - 1] === "--config" ? [arg] : [];
  });
