import { access, constants, opendir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isDatabaseAddress } from "../../store/index.ts";
import type { NamedDatabase } from "../homeserver-database.ts";
import { lookThroughSqlite, postgresPlace } from "./database.ts";
import { type Looked, lookThroughFile } from "./look.ts";
import type { Needles } from "./search.ts";

/** Where a homeserver keeps what it gets. */
export interface Places extends Partial<NamedDatabase> {
  /** The folder of the media store. */
  media?: string;
  logs?: readonly string[];
}

export const PLACE_NAMES = ["database", "media", "logs"] as const;
export type PlaceName = (typeof PLACE_NAMES)[number];

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

/**
 * A place by what the operator says of it; nothing is read yet but whether it can be.
 * @throws SottoError `USAGE` for a URL that cannot be meant; `SECRET_UNREADABLE`
 */
export async function placeOf(name: PlaceName, places: Places): Promise<Place | Closed> {
  const { database, media, logs } = places;
  const paths = { database: database && [database], media: media && [media], logs }[name] ?? [];
  if (paths.length === 0)
    return closed(name, `no --${name} was given`, `give --${name}, on the homeserver's machine`);
  const named = { ...places, database: paths[0]! };
  if (name === "database" && isDatabaseAddress(paths[0]!)) return postgresPlace(named);
  for (const path of paths) {
    const trouble = await troubleWith(path, name === "media");
    if (trouble)
      return closed(name, `${path}: ${trouble}`, "run this as a user who may read it, where it is");
  }
  if (name === "database") return { name, look: (...how) => lookThroughSqlite(named, ...how) };
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
