/** What of a canary gives it away; each is unique, and of each any {@link WINDOW_BYTES} in a row are. */
export interface Fragment {
  /** For a person: "the recording", "the file's name". */
  what: string;
  bytes: Uint8Array;
}

/** A fragment as it may be written somewhere. */
export interface Spelling {
  what: string;
  encoding: string;
  text: Uint8Array;
  /** Whether the piece of `text` from `from` up to `to` spells a whole window, and one that is no accident. */
  tells(from: number, to: number): boolean;
}

export const WINDOW_BYTES = 24;
/** The longest that a window is spelled: six characters for each byte. */
export const MAX_WINDOW_TEXT = 6 * WINDOW_BYTES;
/** At any alignment, so many characters of base64 are a window's own. */
const WINDOW_BASE64 = 31;
/** Runs of the same few bytes, such as zeros, are in many files, and tell nothing. */
const MIN_DISTINCT = 6;
const MIN_DISTINCT_BASE64 = 8;

type Spell = (byte: number) => string;

const hex = (byte: number): string => byte.toString(16).padStart(2, "0");
const isPlain = (byte: number): boolean => byte >= 0x20 && byte < 0x7f;
const char = String.fromCharCode;
/** As text is escaped in JSON; above ASCII, where bytes are taken for characters, it differs. */
const json = (byte: number): string => JSON.stringify(char(byte)).slice(1, -1);
const UNRESERVED = /[A-Za-z0-9_.~-]/;
const PYTHON: Record<number, string> = { 9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\" };

const BYTE_BY_BYTE: readonly [encoding: string, spell: Spell][] = [
  ["hex", hex],
  ["hex", (byte) => hex(byte).toUpperCase()],
  ["JSON", json],
  ["JSON", (byte) => (byte < 0x7f ? json(byte) : `\\u00${hex(byte)}`)],
  ["JSON", (byte) => (byte < 0x7f ? json(byte) : `\\u00${hex(byte).toUpperCase()}`)],
  ["escaped bytes", (byte) => PYTHON[byte] ?? (isPlain(byte) ? char(byte) : `\\x${hex(byte)}`)],
  ["escaped bytes", (byte) => `\\x${hex(byte)}`],
  ["escaped bytes", (byte) => (byte === 92 ? "\\\\" : isPlain(byte) ? char(byte) : `\\${octal(byte)}`)],
  ["percent-encoded", (byte) => (UNRESERVED.test(char(byte)) ? char(byte) : `%${hex(byte).toUpperCase()}`)],
  ["percent-encoded", (byte) => (UNRESERVED.test(char(byte)) ? char(byte) : `%${hex(byte)}`)],
];

const octal = (byte: number): string => byte.toString(8).padStart(3, "0");

/** Every way in which a fragment is looked for; of ways that come to the same, the first. */
export function spellingsOf({ what, bytes }: Fragment): Spelling[] {
  const spellings: Spelling[] = [
    { what, encoding: "as it is", text: bytes, tells: (from, to) => isWindow(bytes, from, to) },
    ...BYTE_BY_BYTE.map(([encoding, spell]) => byteByByte(what, bytes, encoding, spell)),
    ...[0, 1, 2].flatMap((lead) =>
      (["base64", "base64url"] as const).map((encoding): Spelling => {
        const text = base64Behind(lead, bytes, encoding);
        const tells = (from: number, to: number): boolean =>
          to - from >= WINDOW_BASE64 && distinct(text, from, to) >= MIN_DISTINCT_BASE64;
        return { what, encoding: "base64", text, tells };
      }),
    ),
  ];
  const seen = new Set<string>();
  return spellings.filter(({ text }) => {
    const key = Buffer.from(text).toString("latin1");
    return seen.size !== seen.add(key).size;
  });
}

/** Those characters that the bytes alone decide, where others stand before them. */
function base64Behind(lead: number, bytes: Uint8Array, encoding: "base64" | "base64url"): Uint8Array {
  const text = Buffer.concat([Buffer.alloc(lead), bytes])
    .toString(encoding)
    .replace(/=+$/, "");
  return Buffer.from(text.slice(lead === 0 ? 0 : lead + 1), "latin1");
}

function byteByByte(what: string, bytes: Uint8Array, encoding: string, spell: Spell): Spelling {
  const parts = Array.from(bytes, (byte) => Buffer.from(spell(byte), "utf8"));
  const text = Buffer.concat(parts);
  /** Of each place in the text, the first byte that is spelled from there on, whole. */
  const begins = new Uint32Array(text.length + 1);
  let at = 0;
  parts.forEach((part, index) => {
    begins[at] = index;
    begins.fill(index + 1, at + 1, at + part.length + 1);
    at += part.length;
  });
  return {
    ...{ what, encoding, text },
    tells(from, to) {
      // a byte whose spelling goes on behind the end is not whole
      const end = to < text.length && begins[to + 1] === begins[to] ? begins[to]! - 1 : begins[to]!;
      return isWindow(bytes, begins[from]!, end);
    },
  };
}

const isWindow = (bytes: Uint8Array, from: number, to: number): boolean =>
  to - from >= WINDOW_BYTES && distinct(bytes, from, to) >= MIN_DISTINCT;

const distinct = (bytes: Uint8Array, from: number, to: number): number =>
  new Set(bytes.subarray(from, to)).size;
