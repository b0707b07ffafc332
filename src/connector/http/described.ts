import type { IncomingHttpHeaders } from "node:http";
import type { IncomingRecording } from "../../model/connector.ts";
import { parseRawFormat, RAW_CODINGS } from "../../model/raw-format.ts";
import { refused } from "./refusal.ts";

/** What can be said of a recording: the header, and the field of a form. */
export const WORDS = {
  id: {
    header: "Idempotency-Key",
    maxLength: 255,
    text: "What the recording is known by: the same recording with the same key is not taken again, another one with it is refused. Without a key each request is a recording of its own.",
    example: "2026-11-23-bell-0042",
  },
  caller: {
    header: "Sotto-Caller",
    maxLength: 200,
    text: "Who or what it comes from, as a person would read it; UTF-8.",
    example: "Front door",
  },
  note: {
    header: "Sotto-Note",
    maxLength: 1000,
    text: "Anything else in a few words; UTF-8.",
    example: "second ring",
  },
  recorded: {
    header: "Sotto-Recorded",
    maxLength: 40,
    text: "When it was recorded, as `date -Is` writes it (RFC 3339).",
    example: "2026-11-23T02:49:23+01:00",
  },
  raw: {
    header: "Sotto-Raw",
    maxLength: 40,
    text: "What a recording without any header is: coding, Hz, channels.",
    example: "s16le:8000:1",
  },
} as const;

export type Word = keyof typeof WORDS;
export type Words = Partial<Record<Word, string>>;

export const isWord = (name: string): name is Word => Object.hasOwn(WORDS, name);

/** What the headers say. Node reads their bytes as Latin-1. Throws `REQUEST_INVALID`. */
export function wordsOf(headers: IncomingHttpHeaders): Words {
  const said: Words = {};
  for (const word of Object.keys(WORDS).filter(isWord)) {
    const value = headers[WORDS[word].header.toLowerCase()];
    if (typeof value === "string") said[word] = checked(word, fromUtf8(word, Buffer.from(value, "latin1")));
  }
  return said;
}

/** Throws `REQUEST_INVALID` where nobody could have meant it. */
export function checked(word: Word, value: string): string {
  const { header, maxLength } = WORDS[word];
  if (value.length > maxLength)
    throw refused("REQUEST_INVALID", `${header} is longer than ${maxLength} characters`);
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value))
    throw refused("REQUEST_INVALID", `${header} has a control character in it`);
  return value;
}

/** The recording's part of {@link Words}. Throws `REQUEST_INVALID`. */
export function describedBy({
  caller,
  note,
  recorded,
  raw,
}: Words): Pick<IncomingRecording, "about" | "raw"> {
  const about = {
    ...(caller ? { caller } : {}),
    ...(note ? { note } : {}),
    ...(recorded ? { recordedMs: timeOf(recorded) } : {}),
  };
  return {
    ...(raw ? { raw: formatOf(raw) } : {}),
    ...(Object.keys(about).length > 0 ? { about } : {}),
  };
}

/**
 * The key itself, which the draft wants as a string of RFC 9651, in quotes, and most clients send without
 * (draft-ietf-httpapi-idempotency-key-header-07). Throws `REQUEST_INVALID`.
 */
export function keyOf({ id }: Words): string | undefined {
  if (id === undefined) return undefined;
  const [, quoted] = /^"((?:[^"\\]|\\["\\])*)"$/.exec(id) ?? [];
  const key = quoted === undefined ? id : quoted.replace(/\\(.)/g, "$1");
  if (!/^[\x21-\x7e]+(?: +[\x21-\x7e]+)*$/.test(key))
    throw refused("REQUEST_INVALID", "the Idempotency-Key is not one to 255 visible ASCII characters");
  return key;
}

const TIME = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

function timeOf(text: string): number {
  const ms = TIME.test(text) ? Date.parse(text.replace(" ", "T")) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw refused("REQUEST_INVALID", `${WORDS.recorded.header} is not a time with its zone`, {
    cure: `write it as in ${WORDS.recorded.example}`,
  });
}

function formatOf(text: string): NonNullable<IncomingRecording["raw"]> {
  const format = parseRawFormat(text);
  if (format) return format;
  throw refused("REQUEST_INVALID", `${WORDS.raw.header} is not coding:Hz:channels`, {
    cure: `write it as in ${WORDS.raw.example}; codings are ${RAW_CODINGS.join(", ")}`,
  });
}

function fromUtf8(word: Word, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refused("REQUEST_INVALID", `${WORDS[word].header} is not UTF-8`);
  }
}
