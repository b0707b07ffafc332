import { createHash, type KeyObject } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ed25519Key, sha256Of } from "../../model/signed-line.ts";
import { isThere } from "../../whole-file.ts";
import { type Entry, readEntry, readHead } from "./entry.ts";
import { linesOf } from "./lines.ts";
import { FILES } from "./manifest.ts";

/** What can be wrong with an archive. */
export type ArchiveFault =
  /** There is no list: nothing was kept yet, or all of it is gone. */
  | "manifest-missing"
  /** The line is no entry, or its signature is not of the key. */
  | "entry-changed"
  /** It does not follow from the line before: something was put in, taken out or moved. */
  | "entry-out-of-place"
  | "event-twice"
  /** The last line has no end: a crash tore it, and the next delivery makes it good. */
  | "last-line-torn"
  /** The head is missing, or not signed by the key. */
  | "head-changed"
  /** The head knows of lines that are not there. */
  | "entries-missing"
  | "file-missing"
  | "file-changed"
  /** No entry names it: put there by somebody, or a delivery that was interrupted and comes again. */
  | "file-unlisted";

export interface ArchiveFinding {
  fault: ArchiveFault;
  /** The line of the manifest, from 1. */
  line?: number;
  /** In the archive. */
  file?: string;
}

export interface ArchiveReport {
  /** The connector's name, as the first line has it. */
  archive: string | undefined;
  /** Lines of the manifest. */
  entries: number;
  /** SHA-256 of the last line: written down elsewhere, it proves later that nothing was cut off together with the head. */
  last: string | undefined;
  /** Empty where the archive is what was signed. */
  findings: ArchiveFinding[];
}

/**
 * Compares an archive with its signed list, without changing anything.
 *
 * @param publicKeyPem Ed25519, of a copy that did not lie beside the archive
 * @throws where it is no such key; an error of the file system
 */
export async function verifyArchive(folder: string, publicKeyPem: string): Promise<ArchiveReport> {
  const key = ed25519Key(publicKeyPem);
  const manifest = join(folder, FILES.manifest);
  const findings: ArchiveFinding[] = (await isThere(manifest)) ? [] : [{ fault: "manifest-missing" }];
  const lines: string[] = [];
  const listed = new Set<string>();
  const events = new Set<string>();
  let archive: string | undefined;
  for await (const { text, isWhole } of linesOf(manifest)) {
    const line = lines.length + 1;
    if (!isWhole) {
      findings.push({ fault: "last-line-torn", line });
      break;
    }
    const signed = readEntry(text, key);
    const previous = lines.at(-1) ?? null;
    lines.push(sha256Of(text));
    if (!signed?.isGenuine) {
      findings.push({ fault: "entry-changed", line });
      continue;
    }
    const { value } = signed;
    archive ??= value.archive;
    if (value.index !== line - 1 || value.previous !== previous) {
      findings.push({ fault: "entry-out-of-place", line });
    }
    if (events.has(value.eventId)) findings.push({ fault: "event-twice", line });
    events.add(value.eventId);
    listed.add(value.file);
    findings.push(...(await faultsOfFile(folder, value, line)));
  }
  findings.push(...(await faultsOfHead(folder, lines, key)));
  findings.push(...(await unlisted(folder, listed)));
  return { archive, entries: lines.length, last: lines.at(-1), findings };
}

async function faultsOfFile(
  folder: string,
  { file, size, sha256 }: Entry,
  line: number,
): Promise<ArchiveFinding[]> {
  const path = join(folder, file);
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isFile()) return [{ fault: "file-missing", line, file }];
  const isSame = found.size === size && (await sha256OfFile(path)) === sha256;
  return isSame ? [] : [{ fault: "file-changed", line, file }];
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** Only the last line may be newer than the head: a crash may come between them. */
async function faultsOfHead(
  folder: string,
  lines: readonly string[],
  key: KeyObject,
): Promise<ArchiveFinding[]> {
  const text = await readFile(join(folder, FILES.head), "utf8").catch(() => undefined);
  if (text === undefined) return lines.length > 1 ? [{ fault: "head-changed", file: FILES.head }] : [];
  const head = readHead(text.trimEnd(), key);
  if (!head?.isGenuine) return [{ fault: "head-changed", file: FILES.head }];
  const { entries, last } = head.value;
  const agrees = lines[entries - 1] === last && entries >= lines.length - 1;
  return agrees ? [] : [{ fault: "entries-missing", file: FILES.head }];
}

async function unlisted(folder: string, listed: ReadonlySet<string>): Promise<ArchiveFinding[]> {
  const names = await readdir(join(folder, FILES.recordings)).catch(() => []);
  return names
    .map((name) => `${FILES.recordings}/${name}`)
    .filter((file) => !listed.has(file))
    .sort()
    .map((file) => ({ fault: "file-unlisted", file }));
}
