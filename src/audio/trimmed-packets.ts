import { opusPacketSamples } from "./ogg.ts";
import type { TrailingSilence } from "./trailing-silence.ts";

/** Ten minutes of silence; what is longer is sent, rather than held. */
const MAX_HELD_PACKETS = 30_000;

/** Holds packets back until a sound is heard behind them: those after the last one are never sent. */
export class TrimmedPackets {
  readonly #silence: TrailingSilence | undefined;
  readonly #held: Uint8Array[] = [];
  #released = 0;

  /** @param silence undefined where nothing is trimmed: then all packets go on at once */
  constructor(silence: TrailingSilence | undefined) {
    this.#silence = silence;
  }

  /** @returns the packets that can go on; the pre-skip counts in samples as they do */
  push(packets: readonly Uint8Array[], preSkip: number): Uint8Array[] {
    if (!this.#silence) return [...packets];
    this.#held.push(...packets);
    const free = this.#releaseUpTo(this.#silence.heardSamples + preSkip);
    while (this.#held.length > MAX_HELD_PACKETS) free.push(this.#release());
    return free;
  }

  /**
   * There are no more.
   *
   * @param samples playable ones of all packets
   * @returns the last packets, and how many samples are playable now
   */
  end(samples: number, preSkip: number): { packets: Uint8Array[]; samples: number } {
    if (!this.#silence) return { packets: [], samples };
    const heard = Math.min(samples, this.#silence.heardSamples);
    const packets = this.#releaseUpTo(heard + preSkip);
    // more than what is heard has gone where a silence was longer than what is held
    const gone = Math.min(samples, this.#released - preSkip);
    if (gone < heard && this.#held.length > 0) packets.push(this.#release());
    return { packets, samples: Math.max(heard, gone) };
  }

  #releaseUpTo(samples: number): Uint8Array[] {
    const free: Uint8Array[] = [];
    while (this.#held.length > 0 && this.#released + opusPacketSamples(this.#held[0]!) <= samples)
      free.push(this.#release());
    return free;
  }

  #release(): Uint8Array {
    const packet = this.#held.shift()!;
    this.#released += opusPacketSamples(packet);
    return packet;
  }
}
