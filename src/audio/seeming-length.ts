import type { Declared } from "./declared.ts";
import type { AudioFormat } from "./sniff.ts";

/** Of what people record, where the header does not tell. Some have half as many, or twice. */
const USUAL_BYTES_PER_SECOND: Record<string, number> = {
  ...{ aiff: 88_200, au: 88_200, w64: 88_200, wv: 44_100 },
  ...{ amr: 1600, awb: 3000, "3gp": 1600, ogg: 4000, webm: 4000 },
};
const OTHERWISE = 16_000;

/**
 * How long a recording seems to be, before any of it has been decoded.
 *
 * @param bytes its size, where it is known
 * @returns undefined when nothing tells
 */
export function seemingMs(
  { extension }: AudioFormat,
  declared: Declared,
  bytes = declared.bytes,
): number | undefined {
  if (declared.durationMs !== undefined || bytes === undefined) return declared.durationMs;
  const bytesPerSecond = declared.bytesPerSecond || USUAL_BYTES_PER_SECOND[extension] || OTHERWISE;
  return (bytes / bytesPerSecond) * 1000;
}
