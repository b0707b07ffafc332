import { extractIndexKeys } from "../keys/key-path.ts";
import type { IndexEntry } from "../storage/record-writer.ts";
import type { Index } from "./schema.ts";

/** What these indexes list for a value. */
export function entriesFor(value: unknown, indexes: Iterable<Index>): IndexEntry[] {
  const entries: IndexEntry[] = [];
  for (const { id, keyPath, multiEntry } of indexes) {
    for (const key of extractIndexKeys(value, keyPath, multiEntry)) entries.push({ indexId: id, key });
  }
  return entries;
}
