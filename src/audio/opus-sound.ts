import { OpusThread } from "./opus-thread.ts";
import { packed, START_LIMIT_MS } from "./opus-waveform.ts";

/** Few enough to be decoded in a moment, and to be held: at most ten seconds where packets have 20 ms. */
const PACKETS_A_TURN = 500;

/**
 * Decodes one mono Opus stream while it comes, in WASM and in a thread of its own: it keeps what it knows of the stream,
 * and whatever else is decoded meanwhile cannot end it.
 */
export class OpusSound implements Disposable {
  readonly #thread = new OpusThread(() => {});

  /**
   * The sound of the next packets, some at a time, packet for packet: 16-bit little-endian mono at
   * {@link WAVEFORM_SAMPLE_RATE}, one behind the other. Undefined, and the last, when the decoder refuses one of them or
   * does not answer.
   */
  async *of(
    packets: readonly Uint8Array[],
  ): AsyncGenerator<{ packets: readonly Uint8Array[]; sound: Uint8Array | undefined }, void> {
    for (let at = 0; at < packets.length; at += PACKETS_A_TURN) {
      const some = packets.slice(at, at + PACKETS_A_TURN);
      const answer = Promise.withResolvers<Uint8Array | undefined>();
      this.#thread.ask(packed(some), ({ sound }) => answer.resolve(sound));
      const tooLate = setTimeout(() => this.#thread.end(), START_LIMIT_MS);
      const sound = await answer.promise;
      clearTimeout(tooLate);
      yield { packets: some, sound };
      if (!sound) return;
    }
  }

  [Symbol.dispose](): void {
    this.#thread.end();
  }
}
