import { decodeWords } from "postal-mime";
import { SottoError } from "../../errors.ts";

/** Of a mail or of one of its parts; what servers add on the way comes to some 20 KiB. */
const MAX_HEADER_BYTES = 128 * 1024;
/** Longer ones hold nothing that is looked for. */
const MAX_FIELD_CHARS = 4096;

const LINE_FEED = 0x0a;
const FOLDED = /^[ \t]/;

/** The fields of a header by name in small letters; of several of one name the first. */
export type Fields = ReadonlyMap<string, string>;

/**
 * Reads the header at the beginning of a mail or a part (RFC 5322 section 2.2). Lines may end with a line feed alone, as
 * they do on standard input.
 *
 * @returns the fields, unfolded, and where the body begins
 * @throws SottoError `MAIL_INVALID` above 128 KiB
 */
export function readHeader(entity: Buffer): { fields: Fields; bodyAt: number } {
  const fields = new Map<string, string>();
  let field = "";
  const keep = (): void => {
    const colon = field.indexOf(":");
    const name = field.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (name !== "" && !fields.has(name)) fields.set(name, field.slice(colon + 1).trim());
  };
  for (let at = 0; at < entity.length; ) {
    const end = entity.indexOf(LINE_FEED, at);
    const next = end < 0 ? entity.length : end + 1;
    if (next > MAX_HEADER_BYTES) throw new SottoError("MAIL_INVALID", "a header of the mail is too large");
    const line = entity.toString("utf8", at, next).trimEnd();
    at = next;
    if (line === "") {
      keep();
      return { fields, bodyAt: at };
    }
    if (!FOLDED.test(line)) {
      keep();
      field = line;
    } else if (field.length < MAX_FIELD_CHARS) field += line;
  }
  keep();
  return { fields, bodyAt: entity.length };
}

/** A field such as Content-Type: its value in small letters, and its parameters (RFC 2045 section 5.1). */
export interface Structured {
  value: string;
  parameters: ReadonlyMap<string, string>;
}

const PARAMETER = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/gs;

export function structured(field: string | undefined): Structured {
  const text = field?.slice(0, MAX_FIELD_CHARS) ?? "";
  const parameters = new Map<string, string>();
  for (const [, name = "", quoted, token] of text.matchAll(PARAMETER)) {
    const value = quoted?.replace(/\\(.)/gs, "$1") ?? token ?? "";
    if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value);
  }
  return { value: text.split(";", 1)[0]!.trim().toLowerCase(), parameters };
}

/** A parameter for people, such as a file's name: in one piece or several, in clear or encoded (RFC 2231). */
export function textParameter({ parameters }: Structured, name: string): string | undefined {
  const plain = parameters.get(name);
  if (plain !== undefined) return unstructured(plain);
  const whole = parameters.get(`${name}*`);
  if (whole !== undefined) return percentDecoded(whole);
  const pieces: string[] = [];
  for (let index = 0; ; index += 1) {
    const piece = parameters.get(`${name}*${index}`) ?? parameters.get(`${name}*${index}*`);
    if (piece === undefined) return index === 0 ? undefined : percentDecoded(pieces.join(""));
    pieces.push(piece);
  }
}

/** Text of a field with its encoded words read (RFC 2047). */
export const unstructured = (text: string): string => decodeWords(text.slice(0, MAX_FIELD_CHARS));

function percentDecoded(text: string): string {
  const value = text.slice(text.lastIndexOf("'") + 1);
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // in an alphabet of old; what its name ends with is the same in all of them
  }
}
