import { CryptoError } from "./errors.ts";

/** A WASM object whose calls are counted, so that closing can wait for them and later calls fail with a sentence. */
export interface Supervised<T extends object> {
  readonly object: T;
  /** Refuses new calls at once, resolves when those under way have settled. */
  drain(): Promise<void>;
}

/**
 * Wraps an object of the engine. After `drain` a bare one would answer "null pointer passed to rust", and its file
 * could be closed between two transactions of one call.
 */
export function supervise<T extends object>(target: T, what: string): Supervised<T> {
  const pending = new Set<Promise<unknown>>();
  let closed = false;

  const object = new Proxy(target, {
    get(_, name) {
      if (closed && name in target) {
        throw new CryptoError("ERR_MACHINE_CLOSED", `${what} is closed: open it again to use it`);
      }
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(member, target, args);
        if (!(result instanceof Promise)) return result;
        pending.add(result);
        const settled = () => pending.delete(result);
        result.then(settled, settled);
        return result;
      };
    },
    set: (_, name, value) => Reflect.set(target, name, value, target),
  });

  return {
    object,
    async drain() {
      closed = true;
      while (pending.size > 0) await Promise.allSettled(pending);
    },
  };
}
