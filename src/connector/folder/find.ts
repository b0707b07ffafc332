import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";
import { OpenedFolder } from "./opened-folder.ts";

/** A file that may be a recording. */
export interface Found {
  path: string;
  /** The folder that is watched. */
  root: string;
  /** Which file it is, whatever its name. */
  inode: string;
  /** What changes when it is written to: its size and its time. */
  state: string;
  mtimeMs: number;
}

/** Which files of a folder are looked for. */
export interface Selection {
  root: string;
  subfolders: boolean;
  /** Names; every name that is not {@link isIgnored} when absent. */
  matches: RegExp | undefined;
  /** Folders that are not looked into. */
  except: readonly string[];
}

/** What a search tells besides the files. */
export interface Search {
  /** A folder is about to be read. */
  entered(folder: string): void;
  /** A folder or file in it cannot be looked at. */
  failed(path: string, error: NodeJS.ErrnoException): void;
}

/**
 * The regular files of a folder, in no order; links are not followed. An empty file is one that was not written yet.
 *
 * @throws an error of the file system where the folder itself cannot be read
 */
export async function* findFiles(selection: Selection, search: Search): AsyncGenerator<Found> {
  const folders = [selection.root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    try {
      search.entered(folder);
      await using opened = await OpenedFolder.open(selection.root, folder);
      for await (const { name } of await opendir(opened.at())) {
        if (isIgnored(name)) continue;
        const path = join(folder, name);
        const found = await look(opened.at(name), (error) => search.failed(path, error));
        if (found === "folder" && selection.subfolders && !selection.except.includes(path))
          folders.push(path);
        if (typeof found === "object" && (selection.matches?.test(name) ?? true))
          yield { path, root: selection.root, ...found };
      }
    } catch (error) {
      if (folder === selection.root) throw error;
      if (!isGone(error)) search.failed(folder, error as NodeJS.ErrnoException);
    }
  }
}

async function look(
  path: string,
  failed: (error: NodeJS.ErrnoException) => void,
): Promise<Omit<Found, "path" | "root"> | "folder" | undefined> {
  try {
    const stat = await lstat(path, { bigint: true });
    if (stat.isDirectory()) return "folder";
    if (!stat.isFile() || stat.size === 0n) return undefined;
    return { inode: inodeOf(stat), state: stateOf(stat), mtimeMs: Number(stat.mtimeMs) };
  } catch (error) {
    if (!isGone(error)) failed(error as NodeJS.ErrnoException);
    return undefined;
  }
}

export const inodeOf = ({ dev, ino }: { dev: bigint; ino: bigint }): string => `${dev} ${ino}`;

export const stateOf = ({ size, mtimeNs }: { size: bigint; mtimeNs: bigint }): string => `${size} ${mtimeNs}`;

/** Hidden files, and the names that programs give to what is not finished. */
export const isIgnored = (name: string): boolean =>
  name.startsWith(".") || /(?:~|\.(?:part|partial|tmp|temp|filepart|crdownload|swp))$/i.test(name);

/** `*.wav` as it is meant in the config. */
export function namePattern(pattern: string): RegExp {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, "\\$&")
    .replace(/\*+/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${source}$`, "isu");
}

/** It went while it was looked at, or became a link. */
export const isGone = (error: unknown): boolean =>
  ["ENOENT", "ENOTDIR", "ELOOP", "ESTALE"].includes((error as NodeJS.ErrnoException).code ?? "");
