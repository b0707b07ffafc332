import { setImmediate } from "node:timers";

export type Task = () => undefined | Promise<void>;

/** How long tasks may follow each other before the rest of the process gets its turn. */
const TURN_MS = 5;

/** Done tasks are dropped from the list in pieces of this size. */
const CHUNK = 1024;

/**
 * The tasks of one file, run strictly one after the other, never inside the call that queued them:
 * the part of an event loop (https://html.spec.whatwg.org/multipage/webappapis.html#event-loops)
 * that the standard needs.
 */
export class TaskQueue {
  #tasks: Task[] = [];
  #next = 0;
  #running = false;

  push(task: Task): void {
    this.#tasks.push(task);
    if (this.#running) return;
    this.#running = true;
    afterMicrotasks(() => void this.#run());
  }

  async #run(): Promise<void> {
    let turnBegan = performance.now();
    for (let task = this.#shift(); task !== undefined; task = this.#shift()) {
      const pending = task();
      if (pending) await pending;
      if (performance.now() - turnBegan < TURN_MS) continue;
      await new Promise<void>((resolve) => setImmediate(resolve));
      turnBegan = performance.now();
    }
    this.#running = false;
  }

  #shift(): Task | undefined {
    const task = this.#tasks[this.#next++];
    if (this.#next >= this.#tasks.length || this.#next === CHUNK) {
      this.#tasks.splice(0, this.#next);
      this.#next = 0;
    }
    return task;
  }
}

/**
 * Calls back when the running script is over and the microtask queue is empty. A tick queued from a microtask comes
 * exactly there, without a turn of the event loop: https://nodejs.org/api/process.html#processnexttickcallback-args
 */
export function afterMicrotasks(callback: () => void): void {
  queueMicrotask(() => process.nextTick(callback));
}

export function microtasksDrained(): Promise<void> {
  return new Promise(afterMicrotasks);
}
