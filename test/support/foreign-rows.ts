import type { ForeignDatabase } from "../../src/store/index.ts";

/** All that is read, by table; and what is not. `onFirst`: what happens when the first of it was read. */
export async function readAll(from: ForeignDatabase, onFirst?: () => Promise<unknown>) {
  const tables: Record<string, string[]> = {};
  const unread: Record<string, string> = {};
  for await (const part of from.rows()) {
    if (Object.keys(tables).length === 0) await onFirst?.();
    tables[part.table] ??= [];
    const values = tables[part.table]!;
    if ("rows" in part) values.push(...part.rows.flat().map(latin1));
    if ("long" in part) values.push(latin1(Buffer.concat(await Array.fromAsync(part.long()))));
    if ("unread" in part)
      unread[part.table] = [part.unread, /GRANT[^;]*|ALTER[^;]*/.exec(part.cure ?? "")?.[0]]
        .filter(Boolean)
        .join(": ");
  }
  return { tables, unread };
}

export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
