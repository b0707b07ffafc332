import { dirname } from "node:path";
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { SottoError } from "../errors.ts";
import { readConfigFile } from "./data-directory.ts";

/** A part of the config, and where it is said. */
export interface Written {
  /** `FILE:LINE`, or `$VARIABLE`. */
  where: string;
  /** What relative paths in it begin from. */
  folder: string;
  value: Scalar | Map<string, Written> | Written[];
}
export type Scalar = string | number | boolean | null;

/** What a file says. Throws `CONFIG_NOT_FOUND`, or `CONFIG_INVALID` for what is no YAML. */
export function readWritten(file: string): Written {
  const text = readConfigFile(file);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [fault] = document.errors;
  if (fault) {
    // what is noticed only at the end of the text belongs to its last line that says something
    const { line } = lines.linePos(Math.min(fault.pos[0], text.trimEnd().length - 1));
    throw new SottoError("CONFIG_INVALID", `${file}:${line}: ${fault.message}`);
  }
  try {
    // aliases are resolved here, so one that leads nowhere, or everywhere, shows here
    const value: unknown = document.toJS() ?? {};
    return new Reader(file, lines).part(value, document.contents, 1, []);
  } catch (cause) {
    throw new SottoError("CONFIG_INVALID", `${file}: ${(cause as Error).message}`, { cause });
  }
}

/** Finds for each value the line where its key is written; for an element of a list, where it is itself. */
class Reader {
  readonly #file: string;
  readonly #lines: LineCounter;

  constructor(file: string, lines: LineCounter) {
    this.#file = file;
    this.#lines = lines;
  }

  /**
   * @param node - where it is written; undefined below an alias
   * @param line - of its key, or of the nearest part around it that is written down
   * @param around - the values that it lies in
   */
  part(value: unknown, node: unknown, line: number, around: readonly unknown[]): Written {
    const origin = { where: `${this.#file}:${line}`, folder: dirname(this.#file) };
    if (typeof value !== "object" || value === null) return { ...origin, value: value as Scalar };
    if (around.includes(value)) throw new Error(`line ${line}: an alias leads into itself`);
    const inside = [...around, value];
    if (Array.isArray(value)) {
      const nodes: unknown[] = isSeq(node) ? node.items : [];
      const parts = value.map((item, at) =>
        this.part(item, nodes[at], this.#lineOf(nodes[at]) ?? line, inside),
      );
      return { ...origin, value: parts };
    }
    const pairs = isMap(node) ? node.items : [];
    const parts = Object.entries(value).map(([key, child]): [string, Written] => {
      const pair = pairs.find((found) => isScalar(found.key) && String(found.key.value) === key);
      return [key, this.part(child, pair?.value, this.#lineOf(pair?.key) ?? line, inside)];
    });
    return { ...origin, value: new Map(parts) };
  }

  #lineOf(node: unknown): number | undefined {
    const offset = (node as Node | undefined)?.range?.[0];
    return offset === undefined ? undefined : this.#lines.linePos(offset).line;
  }
}

/** What a later part says goes before what an earlier one says: in maps key by key, else as a whole. */
export function merged(earlier: Written, later: Written): Written {
  if (!(earlier.value instanceof Map && later.value instanceof Map)) return later;
  const value = new Map(earlier.value);
  for (const [key, part] of later.value) {
    const before = value.get(key);
    value.set(key, before ? merged(before, part) : part);
  }
  return { ...earlier, value };
}

/** The part at the end of a path, or the nearest around it that is written down. */
export function partAt(whole: Written, path: readonly PropertyKey[]): Written {
  let part = whole;
  for (const key of path) {
    const next = childOf(part, key);
    if (!next) break;
    part = next;
  }
  return part;
}

function childOf({ value }: Written, key: PropertyKey): Written | undefined {
  if (value instanceof Map) return value.get(String(key));
  return Array.isArray(value) ? value[Number(key)] : undefined;
}

/** Every scalar in it, with the keys that lead there. */
export function* scalarsIn(
  part: Written,
  path: readonly string[] = [],
): Generator<{ path: readonly string[]; part: Written }> {
  const { value } = part;
  if (value instanceof Map) for (const [key, child] of value) yield* scalarsIn(child, [...path, key]);
  else if (Array.isArray(value))
    for (const [at, child] of value.entries()) yield* scalarsIn(child, [...path, String(at)]);
  else yield { path, part };
}

/** As it would come out of a YAML parser. */
export function plain({ value }: Written): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, part]) => [key, plain(part)]));
  return Array.isArray(value) ? value.map(plain) : value;
}
