import type { Facts } from "../../model/facts.ts";
import type { Account } from "../account.ts";
import type { Call } from "../operations.ts";
import { type CollectOptions, collectFacts } from "./collect.ts";
import { piecesOf } from "./hand-over.ts";

/** `audit-facts`: gives the facts, in pieces to another process; see `gatherFacts`. */
export async function auditFacts(
  account: Account,
  { args, emit, signal: gone, closing, shortLived }: Call,
): Promise<Facts | null> {
  const signal = closing ? AbortSignal.any([gone, closing]) : gone;
  const facts = await collectFacts(account, args as CollectOptions, signal);
  if (shortLived) return facts;
  for (const text of piecesOf(facts)) await emit({ kind: "facts", text });
  return null;
}
