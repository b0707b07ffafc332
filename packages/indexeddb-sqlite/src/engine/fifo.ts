/** Finished items are dropped from the front of the list in pieces of this size. */
const CHUNK = 1024;

/** A first-in, first-out list that stays fast when it is long: Array.prototype.shift copies large arrays. */
export class Fifo<T> {
  readonly #items: (T | undefined)[] = [];
  #next = 0;

  get length(): number {
    return this.#items.length - this.#next;
  }

  get isEmpty(): boolean {
    return this.length === 0;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#next];
    this.#items[this.#next++] = undefined;
    if (this.#next >= this.#items.length || this.#next === CHUNK) {
      this.#items.splice(0, this.#next);
      this.#next = 0;
    }
    return item;
  }

  /** Takes everything out. */
  drain(): T[] {
    const rest = this.#items.splice(0).slice(this.#next) as T[];
    this.#next = 0;
    return rest;
  }
}
