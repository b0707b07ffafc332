import { microtasksDrained } from "../engine/task-queue.ts";
import { dispatch } from "./dispatch.ts";

/** Dispatches an event as a browser does: after each listener the microtasks run, and only then the next one. */
export async function fire(event: Event, target: EventTarget): Promise<{ threw: boolean }> {
  const journey = dispatch(event, target);
  for (;;) {
    const { done, value } = journey.next();
    if (done) return value;
    await microtasksDrained();
  }
}
