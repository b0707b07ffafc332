import { dispatch } from "./dispatch.ts";

/**
 * Node's EventTarget has no parents: no capture phase, no bubbling. The standard's events travel from a request
 * through its transaction to the database, so listeners are kept and called here, in Node's own Event objects.
 */
export type EventCallback =
  | ((this: unknown, event: Event) => unknown)
  | { handleEvent(event: Event): unknown };

export interface Listener {
  callback: EventCallback;
  readonly type: string;
  readonly capture: boolean;
  readonly once: boolean;
  /** Set by an `on…` attribute: returning false from it cancels the event. */
  readonly isHandler: boolean;
  removed: boolean;
}

interface Node {
  readonly parent: EventTarget | null;
  readonly listeners: Listener[];
}

const NODE = Symbol("event tree");

interface Joined extends EventTarget {
  [NODE]?: Node;
}

const nodeOf = (target: Joined): Node => target[NODE]!;

/** Called by the constructor of each interface. The parent: https://dom.spec.whatwg.org/#get-the-parent */
export function joinEventTree(target: Joined, parent: EventTarget | null): void {
  target[NODE] = { parent, listeners: [] };
}

/** The target and its ancestors, innermost first. */
export function eventPath(target: EventTarget): EventTarget[] {
  const path: EventTarget[] = [];
  for (let at: EventTarget | null = target; at !== null; at = nodeOf(at).parent) path.push(at);
  return path;
}

export function listenersOf(target: EventTarget): Listener[] {
  return nodeOf(target).listeners;
}

/** https://dom.spec.whatwg.org/#interface-eventtarget, for objects whose events bubble. */
const eventTargetMethods = {
  addEventListener(this: EventTarget, type: string, callback: EventCallback | null, options?: unknown): void {
    const { capture, once, signal } = flatten(options);
    if (callback === null || callback === undefined || signal?.aborted) return;
    const listeners = listenersOf(this);
    const name = `${type}`;
    if (listeners.some((known) => !known.isHandler && matches(known, name, callback, capture))) return;
    listeners.push({ callback, type: name, capture, once, isHandler: false, removed: false });
    signal?.addEventListener("abort", () =>
      eventTargetMethods.removeEventListener.call(this, name, callback, capture),
    );
  },

  removeEventListener(
    this: EventTarget,
    type: string,
    callback: EventCallback | null,
    options?: unknown,
  ): void {
    const { capture } = flatten(options);
    const found = listenersOf(this).find(
      (known) => !known.isHandler && matches(known, `${type}`, callback, capture),
    );
    if (found) removeListener(this, found);
  },

  dispatchEvent(this: EventTarget, event: Event): boolean {
    if (!(event instanceof Event)) throw new TypeError("The argument is not an Event");
    for (const _ of dispatch(event, this)); // a script's own event is dispatched at once, listener after listener
    return !event.defaultPrevented;
  },
};

export function removeListener(target: EventTarget, listener: Listener): void {
  listener.removed = true;
  const listeners = listenersOf(target);
  const index = listeners.indexOf(listener);
  if (index >= 0) listeners.splice(index, 1);
}

function matches(known: Listener, type: string, callback: EventCallback | null, capture: boolean): boolean {
  return known.type === type && known.callback === callback && known.capture === capture;
}

function flatten(options: unknown): { capture: boolean; once: boolean; signal: AbortSignal | undefined } {
  if (typeof options !== "object" || options === null) {
    return { capture: Boolean(options), once: false, signal: undefined };
  }
  const { capture, once, signal } = options as { capture?: unknown; once?: unknown; signal?: AbortSignal };
  return { capture: Boolean(capture), once: Boolean(once), signal };
}

export type EventHandler = ((this: unknown, event: Event) => unknown) | null;

/** Gives an interface the methods above and its event handler attributes, `onsuccess` for "success" and so on. */
export function defineEventTarget(
  target: { readonly prototype: EventTarget },
  types: readonly string[],
): void {
  for (const [name, value] of Object.entries(eventTargetMethods)) {
    Object.defineProperty(target.prototype, name, { value, writable: true, configurable: true });
  }
  for (const type of types) defineHandler(target.prototype, type);
}

/** https://html.spec.whatwg.org/multipage/webappapis.html#event-handler-idl-attributes */
function defineHandler(prototype: EventTarget, type: string): void {
  const find = (target: EventTarget) =>
    listenersOf(target).find((known) => known.isHandler && known.type === type);
  const accessors = {
    get [`on${type}`](): EventHandler {
      return (find(this as unknown as EventTarget)?.callback as EventHandler | undefined) ?? null;
    },
    set [`on${type}`](value: unknown) {
      const target = this as unknown as EventTarget;
      const current = find(target);
      if (typeof value !== "function") {
        if (current) removeListener(target, current);
      } else if (current) {
        current.callback = value as EventCallback;
      } else {
        const callback = value as EventCallback;
        listenersOf(target).push({
          callback,
          type,
          capture: false,
          once: false,
          isHandler: true,
          removed: false,
        });
      }
    },
  };
  const descriptor = Object.getOwnPropertyDescriptor(accessors, `on${type}`)!;
  Object.defineProperty(prototype, `on${type}`, { ...descriptor, enumerable: true, configurable: true });
}
