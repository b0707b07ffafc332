import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { Readable } from "node:stream";
import { type Found, inodeOf, isGone, stateOf } from "./find.ts";
import { OpenedFolder } from "./opened-folder.ts";

const CHUNK_BYTES = 65_536;
/** By now a link may lie there, or a pipe, which would be waited for. */
const OPEN_NO_LINK = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** It is not what it was when it was looked at. */
export class ChangedWhileRead extends Error {}

/** One file, opened once: what is hashed, handed over and moved is the same, whatever its name points to meanwhile. */
export class OpenedFile implements AsyncDisposable {
  /** In the folder that it was found in, wherever that is by now; for as long as it is open. */
  readonly place: string;
  readonly name: string;
  readonly #folder: OpenedFolder;
  readonly #file: FileHandle;
  readonly #state: string;
  #size = 0;

  private constructor(folder: OpenedFolder, file: FileHandle, { path, state }: Found) {
    this.name = basename(path);
    this.place = folder.at(this.name);
    this.#folder = folder;
    this.#file = file;
    this.#state = state;
  }

  /**
   * Undefined where it went, or became something else.
   *
   * @throws ChangedWhileRead; an error of the file system
   */
  static async open(found: Found): Promise<OpenedFile | undefined> {
    let folder: OpenedFolder | undefined;
    let file: FileHandle | undefined;
    try {
      folder = await OpenedFolder.open(found.root, dirname(found.path));
      file = await open(folder.at(basename(found.path)), OPEN_NO_LINK);
      const opened = new OpenedFile(folder, file, found);
      await opened.#requireUnchanged();
      return opened;
    } catch (error) {
      await file?.close();
      await folder?.[Symbol.asyncDispose]();
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  /** SHA-256 of its content, in hexadecimal. */
  async sha256(signal: AbortSignal): Promise<string> {
    const hash = createHash("sha256");
    for await (const chunk of this.#chunks()) {
      signal.throwIfAborted();
      hash.update(chunk);
    }
    await this.#requireUnchanged();
    return hash.digest("hex");
  }

  /** Its content, which breaks off before its end if it is not what was hashed. */
  stream(sha256: string): Readable {
    const chunks = this.#chunks();
    const checked = async function* () {
      const hash = createHash("sha256");
      let last: Buffer | undefined;
      for await (const chunk of chunks) {
        if (last) yield last;
        hash.update(chunk);
        last = chunk;
      }
      if (hash.digest("hex") !== sha256) throw new ChangedWhileRead("the file was written to");
      yield last;
    };
    return Readable.from(checked(), { objectMode: false });
  }

  /** Its name still points to it, and it was not written to. */
  async isInPlace(): Promise<boolean> {
    const [own, named, isFolderThere] = await Promise.all([
      this.#file.stat({ bigint: true }),
      lstat(this.place, { bigint: true }).catch(() => undefined),
      this.#folder.isInPlace(),
    ]);
    return (
      isFolderThere && named !== undefined && inodeOf(named) === inodeOf(own) && stateOf(own) === this.#state
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
    await this.#folder[Symbol.asyncDispose]();
  }

  async *#chunks(): AsyncGenerator<Buffer> {
    // no further than it went: it may grow as fast as it is read
    for (let position = 0; position < this.#size; ) {
      const length = Math.min(CHUNK_BYTES, this.#size - position);
      const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafe(length), 0, length, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async #requireUnchanged(): Promise<void> {
    const stat = await this.#file.stat({ bigint: true });
    if (!stat.isFile() || stateOf(stat) !== this.#state)
      throw new ChangedWhileRead("the file was written to");
    this.#size = Number(stat.size);
  }
}
