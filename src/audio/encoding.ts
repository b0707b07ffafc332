import type { Readable } from "node:stream";
import { type InputForm, inputArguments, outputArguments } from "./arguments.ts";
import type { FfmpegEnd } from "./complaints.ts";
import { type FfmpegInput, type FfmpegLimits, type RunningFfmpeg, startFfmpeg } from "./ffmpeg.ts";
import type { Reading } from "./formats.ts";
import { OggError, OpusReader } from "./ogg.ts";

/** What is to be encoded, and how. */
export interface EncodingRun {
  input: FfmpegInput;
  reading: Reading;
  form: InputForm;
  /** What is done to the sound. */
  filters: readonly string[];
  /** In bit/s. */
  bitRate: number;
  /** No encoder writes more than this. */
  maxBytes: number;
  limits: FfmpegLimits;
}

/** Whoever starts it takes its packets and reads its waveform at the same time, or kills it: else it waits for ever. */
export interface Encoding {
  /** In their order, as they come. Throws `OggError` as soon as something is odd. */
  packets(): AsyncGenerator<Uint8Array[], void>;
  /** Samples that a decoder drops at the beginning; known with the first packets. */
  preSkip(): number;
  /**
   * When there are no more packets.
   *
   * @returns playable samples at 48 kHz
   * @throws OggError unless they are all there
   */
  end(): number;
  /** PCM for the waveform. */
  waveform: Readable;
  /** Settles when every ffmpeg is gone, as `RunningFfmpeg.ended` does; it is the end of the one that had the recording. */
  ended: Promise<FfmpegEnd>;
  /** Until `resume`, their time does not run. */
  pause(): void;
  resume(): void;
  kill(): void;
}

/** One ffmpeg decodes and encodes. Throws what `startFfmpeg` throws. */
export async function startEncoding(run: EncodingRun): Promise<Encoding> {
  const ffmpeg = await startFfmpeg({
    ...run.limits,
    args: [...inputArguments(run.reading, run.form), ...outputArguments(run.bitRate, run.filters)],
    input: run.input,
    secondOutput: true,
  });
  const written = new WrittenPackets(ffmpeg, run.maxBytes);
  return {
    packets: () => written.packets(),
    preSkip: () => written.preSkip(),
    end: () => written.end(),
    waveform: ffmpeg.secondOutput!,
    ended: ffmpeg.ended,
    pause: () => ffmpeg.clock.pause(),
    resume: () => ffmpeg.clock.resume(),
    kill: ffmpeg.kill,
  };
}

/** Reads the Ogg Opus stream that an ffmpeg writes. */
export class WrittenPackets {
  readonly #ffmpeg: RunningFfmpeg;
  readonly #maxBytes: number;
  readonly #reader = new OpusReader();

  constructor(ffmpeg: RunningFfmpeg, maxBytes: number) {
    this.#ffmpeg = ffmpeg;
    this.#maxBytes = maxBytes;
  }

  /** See {@link Encoding.preSkip}. */
  preSkip(): number {
    return this.#reader.head!.preSkip;
  }

  /** See {@link Encoding.packets}. */
  async *packets(): AsyncGenerator<Uint8Array[], void> {
    let bytes = 0;
    for await (const chunk of this.#ffmpeg.output as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > this.#maxBytes) throw new OggError("more than the recording can have");
      yield this.#reader.push(chunk);
    }
  }

  /** See {@link Encoding.end}. */
  end(): number {
    return this.#reader.end();
  }
}
