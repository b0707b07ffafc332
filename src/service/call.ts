import type { Call } from "./operations.ts";

/** Ends an operation when nobody waits for it any more, or its holder wants to end. */
export const signalOf = ({ signal, closing }: Call): AbortSignal =>
  closing ? AbortSignal.any([signal, closing]) : signal;

/** A message on the control socket may not be longer. */
const PIECE = 1_000_000;

/** Hands over a result of any length. */
export async function handInPieces({ emit }: Call, result: unknown): Promise<null> {
  const text = JSON.stringify(result);
  for (let at = 0; at < text.length; at += PIECE)
    await emit({ kind: "report", text: text.slice(at, at + PIECE) });
  return null;
}
