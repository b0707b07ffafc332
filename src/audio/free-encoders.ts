import { availableParallelism } from "node:os";
import type { AudioInput } from "./input.ts";

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

/** Bytes a second of what people record, where the header does not tell: some have half as many, or twice. */
const USUAL_RATES: Record<string, number> = {
  ...{ aiff: 88_200, w64: 88_200, wv: 44_100 },
  ...{ amr: 1600, awb: 3000, "3gp": 1600, ogg: 4000, webm: 4000 },
};
const USUAL_RATE = 16_000;

/** How long a recording seems to be, before any of it has been decoded; undefined of a stream that does not tell. */
export function seemingMs({ format, declaredMs, size }: AudioInput): number | undefined {
  if (declaredMs !== undefined || size === undefined) return declaredMs;
  return (size / (USUAL_RATES[format.extension] ?? USUAL_RATE)) * 1000;
}
