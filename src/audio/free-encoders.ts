import { availableParallelism } from "node:os";

/** What is shorter is encoded before more encoders would have paid. */
const LONG_MS = 2 * 60_000;
const MAX_ENCODERS = 4;

/** Encodings of this process. */
let underWay = 0;

/**
 * How many encoders a recording gets that begins now: where others are being encoded, the cores have work.
 *
 * @param seemsMs how long it seems to be
 */
export const freeEncoders = (seemsMs = 0): number =>
  seemsMs > LONG_MS && underWay === 0 ? Math.min(MAX_ENCODERS, availableParallelism()) : 1;

/** Says so of an encoding, until its end. */
export async function* countedAsUnderWay<T, R>(encoding: AsyncGenerator<T, R>): AsyncGenerator<T, R> {
  underWay++;
  try {
    return yield* encoding;
  } finally {
    underWay--;
  }
}
