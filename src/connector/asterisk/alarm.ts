import { type FSWatcher, statSync, watch } from "node:fs";

/** Wakes a sleeper when the text file of a message changes in one of the folders that it watches. */
export class Alarm {
  readonly #watched = new Map<string, { watcher: FSWatcher; inode: bigint }>();
  #isDue = false;
  #wake: (() => void) | undefined;

  /**
   * Watches a folder, also one that took the place of another. Where the system cannot watch it, nothing is said: whoever
   * sleeps looks again by the clock too.
   */
  watch(folder: string): void {
    const inode = statSync(folder, { bigint: true, throwIfNoEntry: false })?.ino;
    const known = this.#watched.get(folder);
    if (known && known.inode === inode) return;
    this.#forget(folder);
    if (inode === undefined) return;
    try {
      const watcher = watch(folder, (_event, name) => {
        // the text file is written last, or moved in last; a recording grows many times a second
        if (name === null || name.endsWith(".txt")) this.ring();
      });
      watcher.on("error", () => this.#forget(folder));
      this.#watched.set(folder, { watcher, inode });
    } catch {
      // out of watches, or a file system without
    }
  }

  ring(): void {
    this.#isDue = true;
    this.#wake?.();
  }

  /** Resolves after so many milliseconds, or as soon as it rings; at once if it has rung since the last sleep. */
  async sleep(ms: number): Promise<void> {
    if (!this.#isDue) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = setTimeout(resolve, Math.max(ms, 0));
      await promise;
      clearTimeout(timer);
    }
    this.#isDue = false;
  }

  /** Watches nothing any more, and wakes the sleeper. */
  close(): void {
    for (const folder of [...this.#watched.keys()]) this.#forget(folder);
    this.ring();
  }

  #forget(folder: string): void {
    this.#watched.get(folder)?.watcher.close();
    this.#watched.delete(folder);
  }
}
