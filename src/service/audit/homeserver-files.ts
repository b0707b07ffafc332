import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Fact } from "../../model/facts.ts";
import type { HomeserverConfig, LoggingConfig } from "../../model/homeserver-facts.ts";
import { at, NotUnderstood, readMap, type Section } from "./python-yaml.ts";
import { synapseConfig } from "./synapse-config.ts";
import { LOGGING_WITHOUT_FILE, loggingConfig } from "./synapse-logging.ts";

/** A file of a homeserver's config is some kilobytes long. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * The homeserver's config files, in the order in which Synapse is given them: a later one takes the place of whole
 * sections. A folder stands for the `.yaml` files in it, by name. Whether they are those that the homeserver runs with,
 * nobody can tell.
 */
export function readHomeserverFiles(
  configPaths: readonly string[] = [],
  logConfigPath?: string,
): { config: Fact<HomeserverConfig>; logging: Fact<LoggingConfig> } {
  const sections: Fact<Section> =
    configPaths.length === 0
      ? { unread: "no homeserver.yaml was given: name it with --homeserver-config", notAsked: true }
      : factOf(() => mergedSections(configPaths));
  return {
    config: then(sections, synapseConfig),
    logging:
      logConfigPath === undefined
        ? loggingWithoutPath(sections)
        : factOf(() => loggingConfig(readSection(logConfigPath) ?? {}), logConfigPath),
  };
}

function loggingWithoutPath(sections: Fact<Section>): Fact<LoggingConfig> {
  if ("unread" in sections)
    return { unread: "no log config was given: name it with --log-config", notAsked: true };
  const named = at(sections.value, "log_config");
  if (named === null) return { value: LOGGING_WITHOUT_FILE };
  const unread = `homeserver.yaml names ${typeof named === "string" ? named : "something else"} as its log config: give it with --log-config`;
  return { unread, notAsked: true };
}

function mergedSections(paths: readonly string[]): Section {
  const read = paths.flatMap(filesOf).map((path) => readSection(path) ?? {});
  const whole = Object.assign(Object.create(null), ...read) as Section;
  if (!Object.hasOwn(whole, "server_name"))
    throw new NotUnderstood(`${paths.join(", ")}: there is no server_name`);
  return whole;
}

const filesOf = (path: string): string[] => {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path, { withFileTypes: true });
    return names
      .filter((entry) => !entry.isDirectory() && entry.name.endsWith(".yaml"))
      .map(({ name }) => join(path, name))
      .sort();
  } catch {
    throw new NotUnderstood(`${path} cannot be read`);
  }
};

/** Undefined where it says nothing: Synapse leaves such a file out. */
function readSection(path: string): Section | undefined {
  let text: string;
  try {
    if (statSync(path).size > MAX_BYTES) throw new NotUnderstood(`${path} is too large`);
    text = readFileSync(path, "utf8");
  } catch (thrown) {
    throw thrown instanceof NotUnderstood ? thrown : new NotUnderstood(`${path} cannot be read`);
  }
  try {
    return readMap(text);
  } catch (thrown) {
    throw thrown instanceof NotUnderstood ? new NotUnderstood(`${path}: ${thrown.message}`) : thrown;
  }
}

/** What cannot be understood is unread; a file's own sentence names the file already. */
function factOf<T>(read: () => T, path?: string): Fact<T> {
  try {
    return { value: read() };
  } catch (thrown) {
    if (!(thrown instanceof NotUnderstood)) throw thrown;
    const isNamed = path === undefined || thrown.message.includes(path);
    return { unread: isNamed ? thrown.message : `${path}: ${thrown.message}` };
  }
}

const then = <T, U>(fact: Fact<T>, next: (value: T) => U): Fact<U> =>
  "unread" in fact ? fact : factOf(() => next(fact.value), "homeserver.yaml");
