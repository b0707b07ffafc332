import type { LoggingConfig } from "../../model/homeserver-facts.ts";
import { at, isTrue, type Section, sectionAt, textOf } from "./python-yaml.ts";

/** What Synapse logs if its config names no file for that. */
export const LOGGING_WITHOUT_FILE: LoggingConfig = {
  rootLevel: "INFO",
  loggers: { "synapse.storage.SQL": "INFO" },
  formats: ["%(asctime)s - %(name)s - %(lineno)d - %(levelname)s - %(request)s - %(message)s"],
  handlerLevel: "NOTSET",
};

/** Python's levels by number; a level may be written either way. */
const NAMES: ReadonlyMap<unknown, string> = new Map([
  [0, "NOTSET"],
  [10, "DEBUG"],
  [20, "INFO"],
  [30, "WARNING"],
  [40, "ERROR"],
  [50, "CRITICAL"],
]);

/** As `logging.config.dictConfig` takes it. https://docs.python.org/3/library/logging.config.html */
export function loggingConfig(config: Section): LoggingConfig {
  const handlers = maps(sectionAt(config, "handlers"));
  const levels = handlers.map(([, handler]) => levelOf(handler) ?? "NOTSET");
  return {
    rootLevel: levelOf(sectionAt(config, "root")) ?? "WARNING",
    loggers: Object.fromEntries(
      maps(sectionAt(config, "loggers")).flatMap(([name, logger]) => {
        const level = levelOf(logger);
        return level === undefined ? [] : [[name, level]];
      }),
    ),
    formats: maps(sectionAt(config, "formatters")).flatMap(([, formatter]) => {
      const format = at(formatter, "format");
      return typeof format === "string" ? [format] : [];
    }),
    handlerLevel: levels.toSorted((one, other) => rank(one) - rank(other))[0] ?? "NOTSET",
  };
}

const maps = (section: Section): [string, Section][] =>
  Object.keys(section).map((name) => [name, sectionAt(section, name)]);

/** Undefined where none is said. */
function levelOf(logger: Section): string | undefined {
  const level = at(logger, "level");
  return isTrue(level) || level === 0 ? (NAMES.get(level) ?? textOf(level, "level")) : undefined;
}

/** A level that is not known may be any. */
const rank = (level: string): number => {
  const [number] = [...NAMES].find(([, name]) => name === level) ?? [];
  return typeof number === "number" ? number : Number(level) || 0;
};
