import type { KeyObject } from "node:crypto";
import * as z from "zod/mini";
import { readSigned, type Signed } from "../../model/signed-line.ts";

/** SHA-256 in hexadecimal. */
const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const count = z.int().check(z.minimum(0));

/** One voice message of the archive, in the order in which they came. */
const entrySchema = z.strictObject({
  version: z.literal(1),
  /** The connector's name: two archives of one account cannot be mixed. */
  archive: z.string(),
  /** From 0. */
  index: count,
  eventId: z.string(),
  roomId: z.string(),
  sender: z.string(),
  senderDeviceId: z.nullable(z.string()),
  /** How far the sender was proven when it came. */
  trust: z.string(),
  /** By the sender's homeserver; milliseconds since the epoch. */
  sentMs: z.nullable(z.number()),
  /** By our own clock. */
  archivedMs: z.number(),
  durationMs: z.nullable(z.number()),
  mimetype: z.string(),
  /** Bytes of the file. */
  size: count,
  /** Of the file. */
  sha256,
  /** Its path in the archive. Nothing else than this is looked for. */
  file: z.string().check(z.regex(/^recordings\/[\w-][\w.-]*$/)),
  /** Of the line before, as it stands there, without its line end; null in the first. */
  previous: z.nullable(sha256),
});
export type Entry = z.infer<typeof entrySchema>;

/** How far the archive goes: without it, lines could be cut off the end. */
const headSchema = z.strictObject({
  version: z.literal(1),
  archive: z.string(),
  entries: z.int().check(z.minimum(1)),
  /** Of the last line. */
  last: sha256,
});
export type Head = z.infer<typeof headSchema>;

/** Undefined where it is no such line. */
export const readEntry = (line: string, key: KeyObject): Signed<Entry> | undefined =>
  readSigned(line, key, entrySchema);
export const readHead = (line: string, key: KeyObject): Signed<Head> | undefined =>
  readSigned(line, key, headSchema);
