import type { Account } from "../account.ts";
import type { Call } from "../operations.ts";
import { type CollectOptions, collectFacts } from "./collect.ts";
import { piecesOf } from "./hand-over.ts";

/** What the holder of the store does for `sotto audit`. */
export const AUDIT_OPERATIONS = {
  /** Gives the facts, in pieces to another process: see `gatherFacts`. */
  async "audit-facts"(account: Account, { args, emit, signal: gone, closing, shortLived }: Call) {
    const signal = closing ? AbortSignal.any([gone, closing]) : gone;
    const facts = await collectFacts(account, args as CollectOptions, signal);
    if (shortLived) return facts;
    for (const text of piecesOf(facts)) await emit({ kind: "facts", text });
    return undefined;
  },
};
