import { setImmediate } from "node:timers";
import { Fifo } from "./fifo.ts";

export type Task = () => void | Promise<void>;

/** How long tasks may follow each other before the rest of the process gets its turn. */
const TURN_MS = 5;

/**
 * The tasks of one file, run strictly one after the other, never inside the call that queued them:
 * the part of an event loop (https://html.spec.whatwg.org/multipage/webappapis.html#event-loops)
 * that the standard needs.
 */
export class TaskQueue {
  readonly #tasks = new Fifo<Task>();
  #isRunning = false;

  push(task: Task): void {
    this.#tasks.push(task);
    if (this.#isRunning) return;
    this.#isRunning = true;
    afterMicrotasks(() => void this.#run());
  }

  /** Queues a task; the promise is fulfilled when it has run. */
  run(task: Task): Promise<void> {
    return new Promise((resolve) => {
      this.push(async () => {
        await task();
        resolve();
      });
    });
  }

  async #run(): Promise<void> {
    let turnBegan = performance.now();
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) {
      const pending = task();
      if (pending) await pending;
      if (performance.now() - turnBegan < TURN_MS) continue;
      await new Promise<void>((resolve) => setImmediate(resolve));
      turnBegan = performance.now();
    }
    this.#isRunning = false;
  }
}

/**
 * Calls back when the running script is over and the microtask queue is empty. A tick queued from a microtask comes
 * exactly there, without a turn of the event loop: https://nodejs.org/api/process.html#processnexttickcallback-args
 */
export function afterMicrotasks(callback: () => void): void {
  NOW.then(() => process.nextTick(callback));
}

/** What follows it is a microtask, and costs less than queueMicrotask(). */
const NOW = Promise.resolve();

export function microtasksDrained(): Promise<void> {
  return new Promise(afterMicrotasks);
}
