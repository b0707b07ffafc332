import { SottoError } from "../errors.ts";
import type { VoiceFacts } from "../model/recording.ts";
import { OPUS_SAMPLE_RATE, opusDurationMs, opusPacketSamples } from "./ogg.ts";
import { OpusSize, OpusWriter } from "./ogg-writer.ts";
import { quietestPlace, type Stretch } from "./quiet-place.ts";
import { WAVEFORM_SAMPLE_RATE, WaveformMeter } from "./waveform.ts";

/** What one voice message may have. */
export interface MessageLimits {
  /** Of the Ogg stream. */
  maxBytes?: number;
  maxDurationMs?: number;
}

export type PartFacts = Pick<VoiceFacts, "durationMs" | "waveform">;

interface HeldPacket extends Stretch {
  packet: Uint8Array;
  /** 16-bit mono, little-endian. */
  sound: Uint8Array;
  /** What the part has if it ends behind this packet: bytes, and playable samples. */
  bytesWith: number;
  samplesWith: number;
}

const SECOND = OPUS_SAMPLE_RATE;
/** A shorter part is a limit that nobody meant. */
const SHORTEST_PART = SECOND;
/** Nor would anybody play so many. */
const MAX_PARTS = 100;
/** The end of what fits, in which the quietest place is looked for: a tenth of it, within these bounds. */
const LEAST_WINDOW = 10 * SECOND;
const MOST_WINDOW = 60 * SECOND;
/** What is held: all of that, and what the decoder of the next part hears before it. */
const HELD = MOST_WINDOW + SECOND;

/**
 * What a part begins with that is not played: the end of the part before, so that its decoder is where one of the whole
 * recording would be. RFC 7845 section 4.2 recommends 80 ms at least, after which the first packets were heard to differ:
 * by 6 dB of speech at worst, where half a second leaves 40 dB.
 */
const PRE_ROLL = SECOND / 2;

/**
 * Cuts an Opus stream into parts, each an Ogg stream of its own: between packets, so that no sample is lost or doubled,
 * where it is quiet, and holding a minute of it at most. The packets stay byte for byte.
 */
export class PartCutter {
  readonly #maxBytes: number;
  readonly #maxSamples: number;
  #writer: OpusWriter;
  #size = new OpusSize();
  #meter = new WaveformMeter();
  #held: HeldPacket[] = [];
  /** Playable samples of the part, up to the last packet. */
  #samples: number;
  /** The same of all parts before it. */
  #samplesBefore = 0;
  #parts = 1;
  /** Bytes of sound at the beginning of the recording that its pre-skip takes away. */
  #unheard: number;
  #pieces: (Uint8Array | PartFacts)[] = [];

  /** @param preSkip of the whole */
  constructor(preSkip: number, { maxBytes, maxDurationMs }: MessageLimits) {
    this.#maxBytes = maxBytes ?? Number.POSITIVE_INFINITY;
    this.#maxSamples = ((maxDurationMs ?? Number.POSITIVE_INFINITY) / 1000) * SECOND;
    this.#samples = -preSkip;
    this.#unheard = 2 * Math.round((preSkip * WAVEFORM_SAMPLE_RATE) / SECOND);
    this.#writer = this.#begin(preSkip);
  }

  /**
   * Takes the next packet, with its sound: 16-bit little-endian mono at {@link WAVEFORM_SAMPLE_RATE}.
   *
   * @throws SottoError `AUDIO_TOO_LARGE` when there is no cutting it so that it fits
   */
  push(packet: Uint8Array, sound: Uint8Array): void {
    this.#cutUntilItFits();
    const heard = sound.subarray(this.#unheard);
    this.#unheard -= sound.length - heard.length;
    this.#hold({ packet, sound: heard, samples: opusPacketSamples(packet), squares: squaresOf(heard) });
    while (this.#samples - this.#held[0]!.samplesWith > HELD) this.#write(this.#held.shift()!);
  }

  /**
   * There are no more packets.
   *
   * @param samples playable ones of the whole; the last packet may have more
   * @throws SottoError `AUDIO_TOO_LARGE` likewise
   */
  end(samples: number): void {
    this.#samples = samples - this.#samplesBefore;
    this.#held.at(-1)!.samplesWith = this.#samples;
    this.#cutUntilItFits();
    for (const held of this.#held) this.#write(held);
    this.#finish(samples - this.#samplesBefore);
  }

  /** What there is of the parts since the last call, in order: bytes, and behind the last ones of a part its facts. */
  take(): (Uint8Array | PartFacts)[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  #cutUntilItFits(): void {
    for (let last = this.#held.at(-1); last && !this.#fits(last); last = this.#held.at(-1)) this.#cut();
  }

  #fits = ({ bytesWith, samplesWith }: HeldPacket): boolean =>
    bytesWith <= this.#maxBytes && samplesWith <= this.#maxSamples;

  #cut(): void {
    const fitting = this.#held.findLastIndex(this.#fits);
    const samples = this.#held[fitting]?.samplesWith ?? 0;
    if (this.#held[fitting + 1]!.samplesWith < SHORTEST_PART) throw this.#tooSmall();
    if (++this.#parts > MAX_PARTS) throw tooMany();
    const place = this.#placeWithin(samples, fitting);
    const rest = this.#held.splice(place);
    const preRoll: Uint8Array[] = [];
    let preSkip = 0;
    for (const { packet, samples } of this.#held.toReversed()) {
      if (preSkip >= PRE_ROLL) break;
      preRoll.unshift(packet);
      preSkip += samples;
    }
    const last = this.#held.at(-1)!.samplesWith;
    for (const held of this.#held) this.#write(held);
    this.#finish(last);

    this.#samplesBefore += last;
    this.#held = [];
    this.#samples = 0;
    this.#size = new OpusSize();
    this.#meter = new WaveformMeter();
    this.#writer = this.#begin(preSkip);
    for (const packet of preRoll) {
      this.#size.add(packet);
      this.#pieces.push(...this.#writer.add(packet));
    }
    for (const held of rest) this.#hold(held);
  }

  /** The first packet behind the cut; some sound stays for the next part, which may have nothing else. */
  #placeWithin(samples: number, fitting: number): number {
    const window = Math.max(LEAST_WINDOW, Math.min(MOST_WINDOW, samples / 10));
    const earliest = Math.max(samples - window, samples / 2);
    const latest = samples - Math.min(SECOND, samples / 4);
    const from = this.#held.findIndex(({ samplesWith }) => samplesWith >= earliest) + 1;
    const to =
      this.#held.findLastIndex(({ samplesWith }, index) => index <= fitting && samplesWith <= latest) + 1;
    return quietestPlace(this.#held, from, Math.max(from, to));
  }

  #begin(preSkip: number): OpusWriter {
    const writer = new OpusWriter(preSkip);
    this.#pieces.push(...writer.begin());
    return writer;
  }

  #hold({ packet, sound, samples, squares }: Omit<HeldPacket, "bytesWith" | "samplesWith">): void {
    this.#samples += samples;
    const bytesWith = this.#size.add(packet);
    this.#held.push({ packet, sound, samples, squares, bytesWith, samplesWith: this.#samples });
  }

  #write({ packet, sound }: HeldPacket): void {
    this.#pieces.push(...this.#writer.add(packet));
    this.#meter.addS16le(sound);
  }

  #finish(samples: number): void {
    this.#pieces.push(...this.#writer.end(samples));
    const shown = Math.min(Math.round((samples * WAVEFORM_SAMPLE_RATE) / SECOND), this.#meter.samples);
    this.#pieces.push({ durationMs: opusDurationMs({ samples }), waveform: this.#meter.points(shown) });
  }

  #tooSmall(): SottoError {
    const takes =
      this.#maxSamples < SHORTEST_PART ? `${this.#maxSamples / SECOND} s` : `${this.#maxBytes} bytes`;
    return new SottoError(
      "AUDIO_TOO_LARGE",
      `no second of the recording fits into one message, which may have ${takes}`,
      { cure: "let the homeserver, or the bridge of the room, take longer messages" },
    );
  }
}

const tooMany = (): SottoError =>
  new SottoError("AUDIO_TOO_LARGE", `the recording would become more than ${MAX_PARTS} messages`, {
    cure: "send a shorter recording, or let the homeserver, or the bridge of the room, take longer messages",
  });

function squaresOf(sound: Uint8Array): number {
  const samples = new DataView(sound.buffer, sound.byteOffset, sound.byteLength);
  let squares = 0;
  for (let at = 0; at < sound.byteLength; at += 2) squares += samples.getInt16(at, true) ** 2;
  return squares;
}
