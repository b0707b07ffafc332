import { existsSync, mkdirSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { configPath, plainDataDirectoryOf } from "../../config/data-directory.ts";

/**
 * Lets Node keep what it compiles in the data directory: a tenth of a second at each start from a checkout. Whoever can
 * write there can run code as us, so it is nowhere else and for nobody else (0700). Without a data directory, as before
 * `sotto init`, or when its place takes a YAML parser to find, there is no cache.
 */
export function useCompileCache(args: readonly string[], env: NodeJS.ProcessEnv): void {
  const data = plainDataDirectoryOf(configPath(configFlag(args), env));
  if (data === undefined || !existsSync(data)) return;
  const cache = join(data, "compile-cache");
  try {
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    enableCompileCache(cache);
  } catch {
    // a full or read-only disk: whoever needs to write says so
  }
}

/** `--config FILE` or `--config=FILE`. A wrong guess costs time and nothing else. */
function configFlag(args: readonly string[]): string | undefined {
  const joined = args.find((arg) => arg.startsWith("--config="));
  if (joined !== undefined) return joined.slice("--config=".length);
  const at = args.indexOf("--config");
  return at < 0 ? undefined : args[at + 1];
}
