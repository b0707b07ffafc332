import { existsSync } from "node:fs";
import { access, constants, opendir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { openForeignDatabase } from "../../store/index.ts";
import { type Looked, lookThroughFile, lookThroughRows } from "./look.ts";
import type { Needles } from "./search.ts";

/** Where a homeserver keeps what it gets. */
export interface Places {
  /** A SQLite file, or a PostgreSQL URL. */
  database?: string;
  /** The folder of the media store. */
  media?: string;
  logs?: readonly string[];
}

export type PlaceName = keyof Places;
export const PLACE_NAMES: readonly PlaceName[] = ["database", "media", "logs"];

/** A place that can be looked through. */
export interface Place {
  name: PlaceName;
  /** Looks through all of it; what could not be read is noted. */
  look(needles: Needles, looked: Looked, signal: AbortSignal): Promise<void>;
}

/** Why a place cannot be looked through, and what to do about it. */
export interface Closed {
  name: PlaceName;
  reason: string;
  cure: string;
}

/** A place by what the operator says of it; nothing is read yet but whether it can be. */
export async function placeOf(name: PlaceName, { database, media, logs }: Places): Promise<Place | Closed> {
  const paths = { database: database && [database], media: media && [media], logs }[name] ?? [];
  if (paths.length === 0)
    return closed(name, `no --${name} was given`, `give --${name}, on the homeserver's machine`);
  if (/^postgres(?:ql)?:/i.test(paths[0]!)) {
    const cure = "search a dump of it (pg_dump --format plain) for the canary's name, which is said here";
    return closed(name, "PostgreSQL cannot be read yet", cure);
  }
  for (const path of paths) {
    const trouble = await troubleWith(path, name === "media");
    if (trouble)
      return closed(name, `${path}: ${trouble}`, "run this as a user who may read it, where it is");
  }
  if (name === "database") return { name, look: (...how) => lookThroughDatabase(paths[0]!, ...how) };
  if (name === "media") return { name, look: (...how) => lookThroughFolder(paths[0]!, ...how) };
  return {
    name,
    async look(needles, looked, signal) {
      for (const path of paths) {
        signal.throwIfAborted();
        await lookThroughFile(needles, path, looked);
      }
    },
  };
}

const closed = (name: PlaceName, reason: string, cure: string): Closed => ({ name, reason, cure });

async function troubleWith(path: string, isFolder: boolean): Promise<string | undefined> {
  try {
    await access(path, constants.R_OK);
    if ((await stat(path)).isDirectory() === isFolder) return undefined;
    return isFolder ? "it is no folder" : "it is a folder, and a file is wanted";
  } catch (thrown) {
    return (thrown as Error).message;
  }
}

/**
 * The file first, as bytes, with what was deleted in it and what is still in its journals; then every value of every row,
 * whole and unpacked. Not the other way round: closing a file ends the locks that SQLite has on it in this process.
 */
async function lookThroughDatabase(
  path: string,
  needles: Needles,
  looked: Looked,
  signal: AbortSignal,
): Promise<void> {
  for (const file of [path, `${path}-wal`, `${path}-journal`]) {
    signal.throwIfAborted();
    if (existsSync(file)) await lookThroughFile(needles, file, looked);
  }
  try {
    const database = openForeignDatabase(path);
    try {
      for (const { table, rows } of database.rows()) {
        lookThroughRows(needles, table, rows, looked);
        await nextTurn();
        signal.throwIfAborted();
      }
    } finally {
      database.close();
    }
  } catch (thrown) {
    signal.throwIfAborted();
    looked.unread.push({ where: path, why: (thrown as Error).message });
  }
}

async function lookThroughFolder(
  path: string,
  needles: Needles,
  looked: Looked,
  signal: AbortSignal,
  seen = new Set<string>(),
): Promise<void> {
  try {
    const { dev, ino } = await stat(path);
    // a link may lead back to where it lies
    if (seen.size === seen.add(`${dev} ${ino}`).size) return;
    for await (const { name } of await opendir(path)) {
      signal.throwIfAborted();
      const inside = join(path, name);
      const what = await stat(inside).catch(() => undefined);
      if (what?.isDirectory()) await lookThroughFolder(inside, needles, looked, signal, seen);
      else if (what?.isFile()) await lookThroughFile(needles, inside, looked);
    }
  } catch (thrown) {
    signal.throwIfAborted();
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return;
    looked.unread.push({ where: path, why: (thrown as Error).message });
  }
}
