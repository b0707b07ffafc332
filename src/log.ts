/** Structured log lines on standard error: one JSON object each, or short words for a person at a terminal. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFields = Record<string, unknown>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface LoggerOptions {
  level: LogLevel;
  /** Gets one line without its line end. */
  write(line: string): void;
  json: boolean;
}

/** Names whose values never reach a log line. */
const SECRET_NAME =
  /token|password|secret|passphrase|authorization|recovery|(^|[a-z_])key$|^(k|iv|ciphertext)$/i;
/**
 * Shapes of secrets inside free text: bearer tokens, Synapse and MAS tokens, query parameters, passwords in URLs,
 * 32-byte keys. A room or event ID is as long as a key; its sigil tells it.
 */
const SECRET_TEXT =
  /(Bearer\s+)\S+|\b(?:syt|mct|mat|mcr|mar)_[\w-]+|([?&]\w*(?:password|token)=)[^&\s]+|(\/\/[^\s/:@]+:)[^\s/@]+(?=@)|(?<![\w/+$!-])[\w/+-]{43}=?(?![\w/+-])/gi;

/** Removes secrets from a log line's fields; applied to every line, so no caller has to remember it. */
export function redact(value: unknown, name = ""): unknown {
  if (SECRET_NAME.test(name) && value !== undefined) return "[redacted]";
  if (typeof value === "string") {
    return value.replace(
      SECRET_TEXT,
      (_all, bearer?: string, query?: string, user?: string) => `${bearer ?? query ?? user ?? ""}[redacted]`,
    );
  }
  if (value instanceof Error) return { name: value.name, message: redact(value.message) };
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.map((item) => redact(item));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redact(item, key)]));
  }
  return value;
}

export function createLogger(options: LoggerOptions): Logger {
  const threshold = LOG_LEVELS.indexOf(options.level);
  const log =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (LOG_LEVELS.indexOf(level) < threshold) return;
      const clean = redact(fields) as LogFields;
      const text = redact(message) as string;
      options.write(
        options.json
          ? JSON.stringify({ time: new Date().toISOString(), level, message: text, ...clean })
          : [`${level}: ${text}`, ...Object.entries(clean).map(([key, item]) => `${key}=${plain(item)}`)]
              .join(" ")
              .replace(/\p{Cc}+/gu, " "),
      );
    };
  return { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

const plain = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
