import { createHmac, randomBytes } from "node:crypto";
import { printable } from "./printable.ts";

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

/** Names whose values never reach a log line: secrets, and who has called. */
const UNSPOKEN_NAME =
  /token|password|secret|passphrase|authorization|recovery|caller|phone|msisdn|(^|[a-z_])key$|^(k|iv|ciphertext)$/i;

/** For as long as this process lives: its lines can be told apart by person, and joined with no other log. */
const pseudonymKey = randomBytes(32);

/** `user:3f9a…` for a user ID; the same for the same one. */
const pseudonym =
  (kind: string) =>
  (name: string): string =>
    `${kind}:${createHmac("sha256", pseudonymKey).update(plainId(name)).digest("hex").slice(0, 8)}`;

/** As it stands in a path. */
function plainId(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** What introduces it may stay, where its shape has that in a group. */
const hidden = (_found: string, kept?: unknown): string =>
  `${typeof kept === "string" ? kept : ""}[redacted]`;

const BASE58 = "[1-9A-HJ-NP-Za-km-z]";

/** What is not for a log, by its shape in free text, and what is written in its place; looked for in this order. */
const SHAPES: readonly [shape: RegExp, instead: (found: string, kept?: unknown) => string][] = [
  [/(Bearer\s+)\S+/gi, hidden],
  // tokens of Synapse and of the authentication service
  [/\b(?:syt|mct|mat|mcr|mar)_[\w-]+/gi, hidden],
  [/([?&][\w.-]*(?:password|token|secret|key|sig|signature|auth|code)=)[^&\s"]+/gi, hidden],
  [/(\/\/[^\s/:@]+:)[^\s/@]+(?=@)/g, hidden],
  // https://spec.matrix.org/v1.19/client-server-api/#recovery-key
  [new RegExp(`\\bE${BASE58}{3}(?: ?${BASE58}{4}){11}\\b`, "g"), hidden],
  // 32 bytes; a room or event ID is as long in base64, and its sigil tells it
  [/(?<![\w/+$!-])[\w/+-]{43}=?(?![\w/+-])|\b[\da-f]{64}\b/gi, hidden],
  [/%40(?:[\w.~!*'()-]|%(?!3A|40)[\da-f]{2})*%3A(?:[\w.-]|%(?:3A|5B|5D))+/gi, pseudonym("user")],
  [
    /(?<![\w.+-])@[^\s:@"`<>]*:(?:\[[\da-f:.]+\]|[a-z\d-]+(?:\.[a-z\d-]+)*)(?::\d{1,5})?/gi,
    pseudonym("user"),
  ],
  // each word is taken once, whether or not it is one's address: who looks for the @ from each letter is slow
  [
    /[\w.+%-]+(@[a-z\d-]+(?:\.[a-z\d-]+)*\.[a-z]{2,})?/gi,
    (found, domain) => (typeof domain === "string" ? pseudonym("mail")(found) : found),
  ],
  // numbers of telephones, which begin with + or 00 where they are whole (ITU-T E.164)
  [/\b(?:sips?|tel):[^\s"<>;,()]+/gi, () => "[number]"],
  [/(?<![\w+/=.-])(?:\+|00)[1-9](?:[ ()./-]{0,2}\d){6,14}(?!\w)/g, () => "[number]"],
];

/**
 * Takes out of a log line's fields what is secret, and who is spoken of; applied to every line, so no caller has to
 * remember it. Rooms, events and devices stay.
 */
export function redact(value: unknown, name = ""): unknown {
  if (UNSPOKEN_NAME.test(name) && value !== undefined) return "[redacted]";
  if (typeof value === "string") {
    return SHAPES.reduce((text, [shape, instead]) => text.replace(shape, instead), value);
  }
  if (value instanceof Error) return { name: value.name, message: redact(value.message) };
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.map((item) => redact(item));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [redact(key) as string, redact(item, key)]),
    );
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
          ? printable(JSON.stringify({ time: new Date().toISOString(), level, message: text, ...clean }))
          : [`${level}: ${text}`, ...Object.entries(clean).map(([key, item]) => `${key}=${plain(item)}`)]
              .join(" ")
              .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " "),
      );
    };
  return { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

const plain = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
