import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import {
  createGunzip,
  createInflate,
  createZstdDecompress,
  gunzipSync,
  inflateSync,
  zstdDecompressSync,
} from "node:zlib";
import { causeText, SottoError } from "../../errors.ts";
import type { Spelling } from "./encodings.ts";
import { type Needles, Search } from "./search.ts";

/** Something of a canary, in a file or a table. */
export interface Found {
  what: string;
  encoding: string;
  /** A file, or a table. */
  where: string;
  /** How often; what lies across two pieces of a file may count twice. */
  count: number;
}

/** What could not be read, why, and what helps where that is known. */
export interface Unread {
  where: string;
  why: string;
  cure?: string;
}

export function unreadOf(where: string, thrown: unknown): Unread {
  const why = causeText(thrown)!;
  return thrown instanceof SottoError ? { where, why, cure: thrown.cure } : { where, why };
}

/** What was read of a place, and what was seen in it. */
export class Looked {
  bytes = 0;
  readonly #found = new Map<string, Found>();
  readonly unread: Unread[] = [];

  get found(): Found[] {
    return [...this.#found.values()];
  }

  add(where: string, { what, encoding }: Pick<Spelling, "what" | "encoding">): void {
    const key = JSON.stringify([what, encoding, where]);
    const known = this.#found.get(key);
    if (known) known.count += 1;
    else this.#found.set(key, { what, encoding, where, count: 1 });
  }
}

const PIECE_BYTES = 1024 * 1024;
const HEAD_BYTES = 6;
/** Whatever unpacks to more than this was made to do harm. */
const MAX_UNPACKED_BYTES = 4 * 1024 ** 3;
const MAX_UNPACKED_VALUE_BYTES = 64 * 1024 * 1024;

interface Packing {
  name: string;
  isAtHead(head: Uint8Array): boolean;
  stream?(): NodeJS.ReadWriteStream;
  unpack?(value: Uint8Array, limit: { maxOutputLength: number }): Uint8Array;
}

const begins =
  (...magic: number[]) =>
  (head: Uint8Array): boolean =>
    head.length > magic.length && magic.every((byte, at) => head[at] === byte);

const PACKINGS: readonly Packing[] = [
  { name: "gzip", isAtHead: begins(0x1f, 0x8b, 8), stream: createGunzip, unpack: gunzipSync },
  {
    name: "zstd",
    isAtHead: begins(0x28, 0xb5, 0x2f, 0xfd),
    stream: createZstdDecompress,
    unpack: zstdDecompressSync,
  },
  // RFC 1950 section 2.2: two bytes that many files begin with by chance
  { name: "zlib", isAtHead: isZlib, stream: createInflate, unpack: inflateSync },
  { name: "xz", isAtHead: begins(0xfd, 0x37, 0x7a, 0x58, 0x5a) },
  { name: "bzip2", isAtHead: begins(0x42, 0x5a, 0x68) },
];

function isZlib(head: Uint8Array): boolean {
  return head.length > 2 && head[0] === 0x78 && (head[0]! * 256 + head[1]!) % 31 === 0;
}

const packingOf = (head: Uint8Array): Packing | undefined => PACKINGS.find(({ isAtHead }) => isAtHead(head));

/** Looks through a file, and through what is packed in it. One that has gone meanwhile is no trouble. */
export async function lookThroughFile(needles: Needles, path: string, looked: Looked): Promise<void> {
  const open = () => createReadStream(path, { highWaterMark: PIECE_BYTES });
  await lookThroughStream(needles, path, open, looked);
}

/** Looks through one long thing, and through what is packed in it: then it is read twice. */
export async function lookThroughStream(
  needles: Needles,
  where: string,
  open: () => Readable,
  looked: Looked,
): Promise<void> {
  try {
    const head = await lookThrough(needles, open(), looked, where);
    const packing = packingOf(head);
    if (packing) await lookThroughPacked(needles, where, open, packing, looked);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return;
    looked.unread.push(unreadOf(where, thrown));
  }
}

async function lookThroughPacked(
  needles: Needles,
  where: string,
  open: () => Readable,
  packing: Packing,
  looked: Looked,
): Promise<void> {
  if (!packing.stream) {
    looked.unread.push({ where, why: `it is packed with ${packing.name}, which is not unpacked here` });
    return;
  }
  const unpacked = packing.stream() as Readable & NodeJS.ReadWriteStream;
  const packed = open().on("error", (error) => unpacked.destroy(error));
  try {
    await lookThrough(needles, packed.pipe(unpacked), looked, where, packing.name);
  } catch (thrown) {
    // encrypted media begins like this by chance, and is no zlib
    if (packing.name !== "zlib") looked.unread.push({ where, why: (thrown as Error).message });
  } finally {
    packed.destroy();
    unpacked.destroy();
  }
}

/** @returns the first bytes of it */
async function lookThrough(
  needles: Needles,
  stream: AsyncIterable<Uint8Array | string>,
  looked: Looked,
  where: string,
  packing?: string,
): Promise<Uint8Array> {
  const search = searchIn(needles, looked, where, packing);
  let head = new Uint8Array();
  let bytes = 0;
  for await (const piece of stream as AsyncIterable<Uint8Array>) {
    if (bytes === 0) head = Uint8Array.from(piece.subarray(0, HEAD_BYTES));
    bytes += piece.length;
    if (packing && bytes > MAX_UNPACKED_BYTES) throw new Error("what is packed in it has no end");
    search.push(piece);
  }
  search.end();
  looked.bytes += bytes;
  return head;
}

const searchIn = (needles: Needles, looked: Looked, where: string, packing?: string): Search =>
  new Search(needles, ({ what, encoding }) =>
    looked.add(where, { what, encoding: packing ? `${encoding}, in ${packing}` : encoding }),
  );

const BETWEEN = Buffer.alloc(1);

/** Looks through rows of a table, value by value. */
export function lookThroughRows(needles: Needles, where: string, rows: Uint8Array[][], looked: Looked): void {
  const values = rows.flat();
  const search = searchIn(needles, looked, where);
  const joined = Buffer.concat(values.flatMap((value) => [value, BETWEEN]));
  search.push(joined);
  search.end();
  looked.bytes += joined.length;
  for (const value of values) {
    const packing = packingOf(value);
    if (!packing?.unpack) continue;
    const inside = searchIn(needles, looked, where, packing.name);
    try {
      inside.push(packing.unpack(value, { maxOutputLength: MAX_UNPACKED_VALUE_BYTES }));
      inside.end();
    } catch (thrown) {
      // else it only began like that: nothing that a program could unpack
      if ((thrown as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE")
        looked.unread.push({ where, why: `a value in ${packing.name} unpacks to more than can be held` });
    }
  }
}
