import { isDeepStrictEqual } from "node:util";
import { SottoError } from "../errors.ts";
import { type Config, type LoadOptions, readConfig } from "./load.ts";
import { partAt, type Written } from "./written.ts";

/** What a running process can exchange. */
const EXCHANGEABLE = new Set(["connectors", "routes", "evacuate"]);

/**
 * Reads the config of a running process again, from the same files, for its `connectors`, `routes`, `evacuate` and `pathOf`:
 * all else in it is as it was.
 *
 * @throws SottoError what `loadConfig` throws; `CONFIG_INVALID` that names each other key that has changed
 */
export function rereadConfig(
  running: Config,
  options: LoadOptions & { environment?: NodeJS.ProcessEnv } = {},
): Config {
  const { environment = process.env } = options;
  const { config, whole } = readConfig({ files: running.files, environment }, options);
  const changed = changedKeys(running, config).filter(([section]) => !EXCHANGEABLE.has(section!));
  if (changed.length === 0) return config;
  throw new SottoError("CONFIG_INVALID", changed.map((path) => unchangeable(path, whole)).join("\n"), {
    cure: "restart `sotto run` for these, or put back what was there; until then it goes on as it was",
  });
}

const unchangeable = (path: readonly string[], whole: Written): string =>
  `${partAt(whole, path).where}: ${path.join(".")} has changed, which only a restart can take up`;

/** The paths of what differs, as deep in the sections as can be said. */
function changedKeys(before: unknown, after: unknown, path: readonly string[] = []): string[][] {
  if (isDeepStrictEqual(before, after) || typeof after === "function") return [];
  if (!isSection(before) || !isSection(after)) return [[...path]];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => changedKeys(before[key], after[key], [...path, key]));
}

const isSection = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
