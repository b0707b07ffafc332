import { SottoError } from "../../errors.ts";
import { type Fields, readHeader, type Structured, structured, textParameter } from "./header.ts";
import { decoded } from "./transfer-encoding.ts";

// Every step here is one search of Node's own over the bytes, and what a mail may ask for is bounded: a hostile one costs
// no more than an honest one of the same size. A parser that makes an object of each line does not survive 25 MB of them.

const MAX_DEPTH = 10;
const MAX_PARTS = 100;
/** Lines that look like a boundary. */
const MAX_DELIMITERS = 10_000;
/** RFC 2046 section 5.1.1 allows 70. */
const MAX_BOUNDARY_CHARS = 200;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A part of a mail that holds no others. */
export interface Part {
  /** In small letters. */
  type: string;
  /** Of its file. */
  name: string | undefined;
  bytes(): Buffer;
}

/** A mail's own header, and its parts in the order in which they stand. */
export interface MimeMail {
  fields: Fields;
  parts: Part[];
}

/** @throws SottoError `MAIL_INVALID` for what is built to be costly: many parts, deep ones, a large header */
export function readMime(mail: Buffer): MimeMail {
  const reader = new Reader();
  const fields = reader.read(mail, 0);
  return { fields, parts: reader.parts };
}

class Reader {
  readonly parts: Part[] = [];
  #entities = 0;
  #delimiters = 0;

  /** Gives the header's fields. */
  read(entity: Buffer, depth: number): Fields {
    this.#entities += 1;
    if (depth > MAX_DEPTH || this.#entities > MAX_PARTS)
      throw new SottoError("MAIL_INVALID", "the mail has too many parts");
    const { fields, bodyAt } = readHeader(entity);
    const type = structured(fields.get("content-type"));
    const boundary = type.value.startsWith("multipart/") ? type.parameters.get("boundary") : undefined;
    if (boundary) {
      for (const part of this.#split(entity, bodyAt, boundary)) this.read(part, depth + 1);
      return fields;
    }
    const content = entity.subarray(bodyAt);
    const encoding = structured(fields.get("content-transfer-encoding")).value;
    if (type.value === "message/rfc822") this.read(decoded(content, encoding), depth + 1);
    else {
      const bytes = () => decoded(content, encoding);
      this.parts.push({ type: type.value || "text/plain", name: nameOf(fields, type), bytes });
    }
    return fields;
  }

  /** What stands between the boundaries; where the last one is missing, up to the end. */
  *#split(entity: Buffer, bodyAt: number, boundary: string): Generator<Buffer> {
    if (boundary.length > MAX_BOUNDARY_CHARS)
      throw new SottoError("MAIL_INVALID", "a boundary of the mail is too long");
    const delimiter = Buffer.from(`\n--${boundary}`);
    let partAt: number | undefined;
    // the body's first line follows the line feed of the header's end
    for (let from = Math.max(0, bodyAt - 1); ; ) {
      const at = entity.indexOf(delimiter, from);
      if (at < 0) break;
      this.#delimiters += 1;
      if (this.#delimiters > MAX_DELIMITERS)
        throw new SottoError("MAIL_INVALID", "the mail has too many parts");
      from = at + delimiter.length;
      const lineEnd = entity.indexOf(LINE_FEED, from);
      const end = lineEnd < 0 ? entity.length : lineEnd;
      const rest = entity.toString("latin1", from, Math.min(end, from + MAX_BOUNDARY_CHARS)).trimEnd();
      if (rest !== "" && rest !== "--") continue; // another boundary, which begins as this one
      if (partAt !== undefined) yield withoutLineEnd(entity.subarray(partAt, at));
      if (rest === "--") return;
      partAt = Math.min(end + 1, entity.length);
      from = end;
    }
    if (partAt !== undefined) yield entity.subarray(partAt);
  }
}

/** The line end before a boundary is the boundary's; its line feed is cut already. */
const withoutLineEnd = (part: Buffer): Buffer =>
  part.at(-1) === CARRIAGE_RETURN ? part.subarray(0, -1) : part;

const nameOf = (fields: Fields, type: Structured): string | undefined =>
  textParameter(structured(fields.get("content-disposition")), "filename") ?? textParameter(type, "name");
