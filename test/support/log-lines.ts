import { LOG_LEVELS, type LogLevel } from "../../src/log.ts";

const LINE = /^(?:\{"time":"[^"]*","level":"(\w+)"|(\w+): )/;

/** The level of a line of a log, as JSON or as words; undefined for any other line. */
export function levelOf(line: string): LogLevel | undefined {
  const [, json, words] = LINE.exec(line) ?? [];
  return LOG_LEVELS.find((level) => level === (json ?? words));
}

/**
 * Takes the lines out of a stream that a log has below a level: what a process says with that level, although it logs
 * everything. The returned function takes what has come, and gives what is to be seen of it.
 */
export function linesFrom(lowest: LogLevel): (text: string, isEnd?: boolean) => string {
  let rest = "";
  return (text, isEnd = false) => {
    const lines = (rest + text).split("\n");
    rest = isEnd ? "" : lines.pop()!;
    const seen = lines.filter((line) => {
      const level = levelOf(line);
      return level === undefined || LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(lowest);
    });
    return seen.length > 0 ? `${seen.join("\n")}${isEnd ? "" : "\n"}` : "";
  };
}
