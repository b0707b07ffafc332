import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { Readable } from "node:stream";
import { inodeOf, isGone, stateOf } from "./find.ts";

const CHUNK_BYTES = 65_536;
/** By now a link may lie there, or a pipe, which would be waited for. */
const OPEN_NO_LINK = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** It is not what it was when it was looked at. */
export class ChangedWhileRead extends Error {}

/** One file, opened once: what is hashed, handed over and moved is the same, whatever its name points to meanwhile. */
export class OpenedFile implements AsyncDisposable {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #state: string;
  #size = 0;

  private constructor(path: string, file: FileHandle, state: string) {
    this.path = path;
    this.#file = file;
    this.#state = state;
  }

  /**
   * Undefined where it went, or became something else.
   *
   * @param state what it was when it was looked at
   * @throws ChangedWhileRead; an error of the file system
   */
  static async open(path: string, state: string): Promise<OpenedFile | undefined> {
    let file: FileHandle;
    try {
      file = await open(path, OPEN_NO_LINK);
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
    const opened = new OpenedFile(path, file, state);
    try {
      await opened.#requireUnchanged();
      return opened;
    } catch (error) {
      await file.close();
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
    const [own, named] = await Promise.all([
      this.#file.stat({ bigint: true }),
      lstat(this.path, { bigint: true }).catch(() => undefined),
    ]);
    return named !== undefined && inodeOf(named) === inodeOf(own) && stateOf(own) === this.#state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
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
