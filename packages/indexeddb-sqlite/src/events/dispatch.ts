import { exception } from "../errors.ts";
import { eventPath, type Listener, listenersOf, removeListener } from "./event-target.ts";

interface Journey {
  readonly path: readonly EventTarget[];
  currentTarget: EventTarget | null;
  eventPhase: number;
  stopped: boolean;
}

const CAPTURING_PHASE = 1;
const AT_TARGET = 2;
const BUBBLING_PHASE = 3;

const JOURNEY = Symbol("journey");

interface Travelling extends Event {
  [JOURNEY]?: Journey;
}

/**
 * https://dom.spec.whatwg.org/#concept-event-dispatch
 * Yields after each listener: a browser drains the microtasks there, which only the caller can wait for.
 * Returns the first exception of a listener wrapped, or null: the standard's "legacyOutputDidListenersThrowFlag".
 */
export function* dispatch(event: Travelling, target: EventTarget): Generator<void, { threw: boolean }> {
  if (event[JOURNEY]?.currentTarget) throw exception("InvalidStateError", "The event is being dispatched.");
  const path = eventPath(target);
  const journey: Journey = { path, currentTarget: null, eventPhase: 0, stopped: false };
  const hears = (node: EventTarget) => listenersOf(node).some(({ type }) => type === event.type);
  let threw = false;
  embark(event, journey);
  for (let depth = path.length - 1; depth >= 0; depth--) {
    if (!hears(path[depth]!)) continue;
    journey.eventPhase = depth === 0 ? AT_TARGET : CAPTURING_PHASE;
    threw = (yield* invoke(event, journey, path[depth]!, true)) || threw;
  }
  for (const [depth, node] of path.entries()) {
    if (depth > 0 && !event.bubbles) break;
    if (!hears(node)) continue;
    journey.eventPhase = depth === 0 ? AT_TARGET : BUBBLING_PHASE;
    threw = (yield* invoke(event, journey, node, false)) || threw;
  }
  journey.currentTarget = null;
  journey.eventPhase = 0;
  return { threw };
}

/** https://dom.spec.whatwg.org/#concept-event-listener-invoke */
function* invoke(
  event: Event,
  journey: Journey,
  node: EventTarget,
  capture: boolean,
): Generator<void, boolean> {
  if (event.cancelBubble) return false; // stopPropagation() was called
  let threw = false;
  journey.currentTarget = node;
  for (const listener of [...listenersOf(node)]) {
    if (listener.removed || listener.type !== event.type || listener.capture !== capture) continue;
    if (listener.once) removeListener(node, listener);
    threw = !call(listener, event, node) || threw;
    yield;
    if (journey.stopped) break;
  }
  return threw;
}

/** An exception is reported as Node reports it for its own event targets: it becomes an uncaught exception. */
function call({ callback, isHandler }: Listener, event: Event, node: EventTarget): boolean {
  try {
    const result = typeof callback === "function" ? callback.call(node, event) : callback.handleEvent(event);
    if (isHandler && result === false) event.preventDefault();
    return true;
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
    return false;
  }
}

/** Node's Event keeps its way to itself, so an event that travels here answers from its journey. */
function embark(event: Travelling, journey: Journey): void {
  const isEquipped = event instanceof TravellingEvent || JOURNEY in event;
  event[JOURNEY] = journey;
  if (!isEquipped) Object.defineProperties(event, journeyProperties);
}

const journeyOf = (event: Travelling): Journey => event[JOURNEY]!;

const journeyProperties: PropertyDescriptorMap & ThisType<Event> = {
  target: {
    get() {
      return journeyOf(this).path[0];
    },
    configurable: true,
  },
  srcElement: {
    get() {
      return journeyOf(this).path[0];
    },
    configurable: true,
  },
  currentTarget: {
    get() {
      return journeyOf(this).currentTarget;
    },
    configurable: true,
  },
  eventPhase: {
    get() {
      return journeyOf(this).eventPhase;
    },
    configurable: true,
  },
  composedPath: {
    value(this: Event) {
      return journeyOf(this).currentTarget === null ? [] : [...journeyOf(this).path];
    },
    configurable: true,
  },
  stopImmediatePropagation: {
    value(this: Event) {
      journeyOf(this).stopped = true;
      this.stopPropagation();
    },
    configurable: true,
  },
};

/** The events that the package itself fires most. They are plain Events to a script, but need no equipping. */
export class TravellingEvent extends Event {}
Object.defineProperties(TravellingEvent.prototype, { ...journeyProperties, constructor: { value: Event } });
