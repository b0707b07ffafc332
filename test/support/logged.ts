import * as fc from "fast-check";
import { createLogger, type LogFields, type Logger, type LoggerOptions } from "../../src/log.ts";

/** What a logger writes, as text and as JSON. */
export function lines(write: (logger: Logger) => unknown, more: Partial<LoggerOptions> = {}): string[] {
  const written: string[] = [];
  for (const json of [true, false]) {
    write(createLogger({ level: "debug", json, write: (line) => written.push(line), ...more }));
  }
  return written;
}
export const logged = (message: string, fields?: LogFields): string =>
  lines((logger) => logger.warn(message, fields)).join("\n");

/** Text around a secret that does not run into it. */
export const around = fc.constantFrom(
  ["", ""],
  ["key ", " was read"],
  ['{"a":"', '"}'],
  ["(", ")"],
  ["is: ", ", and"],
  ["=", ";"],
);
