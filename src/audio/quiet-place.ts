import { OPUS_SAMPLE_RATE } from "./ogg.ts";
import { SILENCE_RMS, WAVEFORM_SAMPLE_RATE } from "./waveform.ts";

/** A packet's worth of sound. */
export interface Stretch {
  /** At 48 kHz. */
  samples: number;
  /** Sum of the squares of its 16-bit samples at {@link WAVEFORM_SAMPLE_RATE}. */
  squares: number;
}

/** How far on either side of a cut it must be quiet: the pause between two sentences, not that within a word. */
const AROUND_SAMPLES = OPUS_SAMPLE_RATE / 10;

/**
 * Where to cut so that the fewest will hear it; of places that are equally quiet, such as silence, the last.
 *
 * @param from the first stretch before which the cut may be
 * @param to the last one
 */
export function quietestPlace(stretches: readonly Stretch[], from: number, to: number): number {
  let quietest = to;
  let least = Number.POSITIVE_INFINITY;
  for (let place = from; place <= to; place++) {
    const power = Math.max(SILENCE_RMS ** 2, powerAround(stretches, place));
    if (power > least) continue;
    least = power;
    quietest = place;
  }
  return quietest;
}

function powerAround(stretches: readonly Stretch[], place: number): number {
  let squares = 0;
  let samples = 0;
  for (const step of [-1, 1]) {
    let heard = 0;
    for (let at = step < 0 ? place - 1 : place; heard < AROUND_SAMPLES && stretches[at]; at += step) {
      heard += stretches[at]!.samples;
      squares += stretches[at]!.squares;
    }
    samples += heard;
  }
  return squares / ((samples * WAVEFORM_SAMPLE_RATE) / OPUS_SAMPLE_RATE);
}
