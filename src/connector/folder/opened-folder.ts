import { constants } from "node:fs";
import { type FileHandle, open, readlink, realpath } from "node:fs/promises";
import { join, relative } from "node:path";

const OPEN_FOLDER = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0);
const HAS_PROC = process.platform === "linux";

/**
 * A folder that stays the one that was looked at. Whoever may write to the watched folder may put a link in the place of
 * one below it; through its descriptor, its names lead nowhere else. https://man7.org/linux/man-pages/man5/proc_pid_fd.5.html
 * Without Linux's /proc its path is looked at once.
 */
export class OpenedFolder implements AsyncDisposable {
  readonly #handle: FileHandle;
  readonly #place: string;
  readonly #path: string;

  private constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    this.#place = HAS_PROC ? `/proc/self/fd/${handle.fd}` : path;
    this.#path = path;
  }

  /**
   * @param root may be reached by links
   * @param path `root`, or a folder below it, to which no link may lead
   * @throws an error of the file system; ELOOP where a link leads there
   */
  static async open(root: string, path: string): Promise<OpenedFolder> {
    const wanted = join(await realpath(root), relative(root, path));
    const folder = new OpenedFolder(await open(wanted, OPEN_FOLDER), wanted);
    if (await folder.isInPlace()) return folder;
    await folder[Symbol.asyncDispose]();
    throw Object.assign(new Error("a link leads there"), { code: "ELOOP" });
  }

  /** Its path still leads to it, and no link does. */
  async isInPlace(): Promise<boolean> {
    const found = HAS_PROC ? readlink(this.#place) : realpath(this.#place);
    return (await found.catch(() => undefined)) === this.#path;
  }

  /** A path of what has this name in it, or of itself, for as long as it is open. */
  at(name = ""): string {
    return join(this.#place, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}
