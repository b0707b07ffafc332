import type { Account } from "../account.ts";
import { signalOf } from "../call.ts";
import type { Call } from "../operations.ts";

/** What changes rooms is done one at a time: two at once would each find a thing undone, and do it twice. */
const turns = new WeakMap<Account, Promise<unknown>>();

/** Throws, and does nothing, where nobody waits for it any more when its turn comes. */
export function inTurn<T>(account: Account, call: Call, work: () => Promise<T>): Promise<T> {
  const done = (turns.get(account) ?? Promise.resolve()).then(() => {
    signalOf(call).throwIfAborted();
    return work();
  });
  turns.set(
    account,
    done.catch(() => undefined),
  );
  return done;
}
