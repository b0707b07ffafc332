import { type FSWatcher, watch } from "node:fs";
import { basename } from "node:path";
import { isIgnored } from "./find.ts";

/**
 * Watches folders, so that a recording need not wait for the next look. It is a help and no promise: events get lost,
 * network file systems have none, and the system limits their number.
 */
export class Watchers {
  readonly #onEvent: () => void;
  readonly #watchers = new Map<string, FSWatcher>();
  #entered = new Set<string>();

  constructor(onEvent: () => void) {
    this.#onEvent = onEvent;
  }

  /** A folder is about to be read. */
  enter(folder: string): void {
    this.#entered.add(folder);
    if (this.#watchers.has(folder)) return;
    try {
      const watcher = watch(folder, { persistent: true }, (_event, name) => {
        // that is how a folder tells that it went: whatever comes in its place is watched anew
        if (name === basename(folder)) this.#drop(folder);
        if (name === null || !isIgnored(name)) this.#onEvent();
      });
      watcher.on("error", () => this.#drop(folder));
      this.#watchers.set(folder, watcher);
    } catch {
      // not there, or too many: there is the next look
    }
  }

  /** All folders were read: others are not there any more. */
  seenAll(): void {
    for (const folder of this.#watchers.keys()) if (!this.#entered.has(folder)) this.#drop(folder);
    this.#entered = new Set();
  }

  close(): void {
    for (const folder of [...this.#watchers.keys()]) this.#drop(folder);
  }

  #drop(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }
}
