import { constants } from "node:fs";
import { appendFile, open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { SottoError } from "../../errors.ts";
import type { Signer } from "../../model/connector.ts";
import { ed25519Key, sha256Of, signedLine } from "../../model/signed-line.ts";
import { isThere, syncFolder, writeWholeFile } from "../../whole-file.ts";
import { type Entry, readEntry, readHead } from "./entry.ts";
import { linesOf } from "./lines.ts";

/** The files of an archive, beside its folder `recordings`. */
export const FILES = {
  manifest: "manifest.jsonl",
  head: "head.json",
  publicKey: "public-key.pem",
  torn: "manifest.torn",
  recordings: "recordings",
} as const;

/** What an entry says of its voice message. */
export type Described = Omit<Entry, "version" | "archive" | "index" | "previous">;

/**
 * The signed list of an archive. Each line names the one before by its hash, so that the last line vouches for all of
 * them; the head, which is written after each line, vouches for the last one.
 */
export class Manifest {
  readonly #folder: string;
  readonly #archive: string;
  readonly #signer: Signer;
  readonly #events = new Set<string>();
  #endBytes = 0;
  #last: string | null = null;
  #lastButOne: string | null = null;

  private constructor(folder: string, archive: string, signer: Signer) {
    this.#folder = folder;
    this.#archive = archive;
    this.#signer = signer;
  }

  /**
   * Reads it, and makes it good where a crash has torn its last line.
   *
   * @throws SottoError `CONNECTOR_FAILED` where it is not what this account has signed; an error of the file system
   */
  static async open(
    folder: string,
    archive: string,
    signer: Signer,
    onTorn: (bytes: number) => void,
  ): Promise<Manifest> {
    const manifest = new Manifest(folder, archive, signer);
    await manifest.#requireKey();
    const tornBytes = await manifest.#read();
    await manifest.#requireHead();
    if (tornBytes > 0) {
      await manifest.#cutTorn();
      onTorn(tornBytes);
    }
    return manifest;
  }

  get entries(): number {
    return this.#events.size;
  }

  has(eventId: string): boolean {
    return this.#events.has(eventId);
  }

  /** Nobody else has written to it since. */
  async isCurrent(): Promise<boolean> {
    const size = await stat(join(this.#folder, FILES.manifest)).then(
      (found) => found.size,
      () => 0,
    );
    return size === this.#endBytes;
  }

  /** Adds a line, durably. */
  async append(described: Described): Promise<void> {
    const about = { version: 1, archive: this.#archive, index: this.entries, previous: this.#last } as const;
    const line = signedLine({ ...about, ...described }, this.#signer);
    const isFirst = this.entries === 0;
    await using file = await open(this.#path(FILES.manifest), constants.O_RDWR | constants.O_CREAT, 0o600);
    const bytes = Buffer.from(`${line}\n`);
    await file.truncate(this.#endBytes);
    for (let at = 0; at < bytes.length; ) {
      at += (await file.write(bytes, at, bytes.length - at, this.#endBytes + at)).bytesWritten;
    }
    await file.sync();
    if (isFirst) await syncFolder(this.#folder);
    this.#take(described.eventId, line, this.#endBytes + bytes.length);
    await this.#writeHead();
  }

  async #requireKey(): Promise<void> {
    const path = this.#path(FILES.publicKey);
    if (!(await isThere(path))) {
      if (await isThere(this.#path(FILES.manifest))) throw notOurs(`${path} is missing`);
      return await writeWholeFile(path, this.#signer.publicKeyPem);
    }
    if ((await readFile(path, "utf8")).trim() !== this.#signer.publicKeyPem.trim()) {
      throw notOurs(`${path} is not the key of this account`);
    }
  }

  /** Gives the bytes of a torn last line. */
  async #read(): Promise<number> {
    const key = ed25519Key(this.#signer.publicKeyPem);
    let unread: { reason: string; bytes: number } | undefined;
    let isGenuine = true;
    for await (const { text, endBytes, isWhole } of linesOf(this.#path(FILES.manifest))) {
      if (unread) throw notOurs(unread.reason);
      const entry = isWhole ? readEntry(text, key) : undefined;
      if (!entry) {
        unread = { reason: `line ${this.entries + 1} is not an entry`, bytes: endBytes - this.#endBytes };
        continue;
      }
      const { archive, index, previous, eventId } = entry.value;
      if (
        archive !== this.#archive ||
        index !== this.entries ||
        previous !== this.#last ||
        this.has(eventId)
      ) {
        throw notOurs(`line ${this.entries + 1} does not follow from the one before`);
      }
      isGenuine = entry.isGenuine;
      this.#take(eventId, text, endBytes);
    }
    // it vouches for all before it
    if (!isGenuine) throw notOurs(`line ${this.entries} is not signed by this account`);
    return unread?.bytes ?? 0;
  }

  /** Only the last line may be newer than the head. */
  async #requireHead(): Promise<void> {
    if (!(await isThere(this.#path(FILES.head)))) {
      if (this.entries > 1) throw notOurs(`${FILES.head} is missing`);
      return;
    }
    const text = (await readFile(this.#path(FILES.head), "utf8")).trimEnd();
    const head = readHead(text, ed25519Key(this.#signer.publicKeyPem));
    if (!head?.isGenuine || head.value.archive !== this.#archive) {
      throw notOurs(`${FILES.head} is not signed by this account`);
    }
    const isLast = head.value.entries === this.entries && head.value.last === this.#last;
    const isLastButOne = head.value.entries === this.entries - 1 && head.value.last === this.#lastButOne;
    if (isLast || isLastButOne) return;
    throw notOurs(`${FILES.head} speaks of entry ${head.value.entries}, and ${this.entries} is the last one`);
  }

  /** It is kept aside: a person may want to see it. */
  async #cutTorn(): Promise<void> {
    await using file = await open(this.#path(FILES.manifest), "r+");
    const { size } = await file.stat();
    const torn = Buffer.alloc(size - this.#endBytes);
    await file.read(torn, 0, torn.length, this.#endBytes);
    await appendFile(this.#path(FILES.torn), torn, { mode: 0o600, flush: true });
    await file.truncate(this.#endBytes);
    await file.sync();
  }

  async #writeHead(): Promise<void> {
    if (this.#last === null) return;
    const head = { version: 1, archive: this.#archive, entries: this.entries, last: this.#last } as const;
    await writeWholeFile(this.#path(FILES.head), `${signedLine(head, this.#signer)}\n`);
  }

  #take(eventId: string, line: string, endBytes: number): void {
    this.#events.add(eventId);
    this.#lastButOne = this.#last;
    this.#last = sha256Of(line);
    this.#endBytes = endBytes;
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}

const notOurs = (found: string): SottoError =>
  new SottoError("CONNECTOR_FAILED", `the archive was changed: ${found}`, {
    cure: "keep it as it is and look at it with `sotto archive verify`; let the connector begin another in a new folder",
  });
