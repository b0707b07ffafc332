import { isContainer } from "./clone.ts";

/**
 * Puts stand-ins into a clone for its blobs. V8 knows nothing of Node's blobs, but it hands every view of a buffer to
 * the serializer: so a stand-in is a view over the blob's bytes, remembered with what else makes up the blob.
 */
export function replaceBlobs(clone: unknown, standIns: ReadonlyMap<unknown, unknown>): unknown {
  if (standIns.size === 0) return clone;
  const replaced = (value: unknown) => standIns.get(value) ?? value;
  const seen = new Set<unknown>();
  const waiting: unknown[] = [clone];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    if (value instanceof Map) {
      const pairs = [...value];
      value.clear();
      for (const [key, member] of pairs) value.set(replaced(key), replaced(member));
      waiting.push(...pairs.flat());
    } else if (value instanceof Set) {
      const members = [...value];
      value.clear();
      for (const member of members) value.add(replaced(member));
      waiting.push(...members);
    } else if (isContainer(value)) {
      for (const [name, member] of Object.entries(value)) {
        if (standIns.has(member)) value[name] = standIns.get(member);
        else waiting.push(member);
      }
    }
  }
  return replaced(clone);
}

/** What is kept of a blob beside its bytes. */
export interface BlobDescription {
  readonly type: string;
  /** A File's name and time; absent for a plain Blob. */
  readonly file?: { readonly name: string; readonly lastModified: number };
}

export function describeBlob(blob: Blob): BlobDescription {
  if (!(blob instanceof File)) return { type: blob.type };
  return { type: blob.type, file: { name: blob.name, lastModified: blob.lastModified } };
}

export function createBlob(bytes: Uint8Array<ArrayBuffer>, { type, file }: BlobDescription): Blob {
  if (file === undefined) return new Blob([bytes], { type });
  return new File([bytes], file.name, { type, lastModified: file.lastModified });
}
