import { SottoError } from "../errors.ts";
import type { VoiceStream } from "../model/recording.ts";
import { OPUS_SAMPLE_RATE, OpusReader, opusPacketSamples } from "./ogg.ts";
import { OpusSound } from "./opus-sound.ts";
import { type MessageLimits, PartCutter, type PartFacts } from "./part-cutter.ts";
import { WAVEFORM_SAMPLE_RATE } from "./waveform.ts";

/** One part of a recording: an Ogg stream that is played by itself. */
export interface VoicePart {
  /** To be taken whole before the next part. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Settles when the last chunk has been taken. */
  readonly facts: Promise<PartFacts>;
}

/**
 * Cuts a recording, while it is encoded, into parts that fit; one that fits as it is has one part. Whoever ends early ends
 * the encoding.
 *
 * @throws SottoError `AUDIO_TOO_LARGE` where not even a second fits, or where there would be too many parts;
 *   `AUDIO_UNREADABLE` where its packets do not decode; what taking the recording throws
 */
export async function* splitVoice(
  recording: VoiceStream,
  limits: MessageLimits,
): AsyncGenerator<VoicePart, void> {
  const pieces = cut(recording, limits);
  let next = await pieces.next();
  try {
    while (!next.done) {
      const facts = Promise.withResolvers<PartFacts>();
      facts.promise.catch(() => {}); // whoever takes the chunks is told too
      async function* chunks(): AsyncGenerator<Uint8Array, void> {
        try {
          for (; !next.done; next = await pieces.next()) {
            if (next.value instanceof Uint8Array) yield next.value;
            else return facts.resolve(next.value);
          }
        } catch (thrown) {
          facts.reject(thrown);
          throw thrown;
        }
      }
      yield { chunks: chunks(), facts: facts.promise };
      if (next.done || next.value instanceof Uint8Array) throw new Error("a part was not taken whole");
      next = await pieces.next();
    }
  } finally {
    await pieces.return();
  }
}

/** Bytes of a part, and behind its last ones its facts. */
async function* cut(
  recording: VoiceStream,
  limits: MessageLimits,
): AsyncGenerator<Uint8Array | PartFacts, void> {
  const reader = new OpusReader();
  using decoder = new OpusSound();
  let cutter: PartCutter | undefined;
  for await (const chunk of recording.chunks as AsyncIterable<Uint8Array>) {
    const came = reader.push(chunk);
    if (came.length === 0) continue;
    cutter ??= new PartCutter(reader.head!.preSkip, limits);
    for await (const { packets, sound } of decoder.of(came)) {
      if (!sound) throw unreadable();
      let at = 0;
      for (const packet of packets) {
        const begin = at;
        at += (2 * opusPacketSamples(packet) * WAVEFORM_SAMPLE_RATE) / OPUS_SAMPLE_RATE;
        cutter.push(packet, sound.subarray(begin, at));
      }
      yield* joined(cutter.take());
    }
  }
  cutter!.end(reader.end());
  yield* joined(cutter!.take());
}

/** In as few pieces as can be: each becomes one of the spool. */
function* joined(pieces: readonly (Uint8Array | PartFacts)[]): Generator<Uint8Array | PartFacts, void> {
  let pages: Uint8Array[] = [];
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) {
      pages.push(piece);
      continue;
    }
    yield Buffer.concat(pages);
    pages = [];
    yield piece;
  }
  if (pages.length > 0) yield Buffer.concat(pages);
}

const unreadable = (): SottoError =>
  new SottoError("AUDIO_UNREADABLE", "the recording cannot be cut: not all of its packets decode", {
    cure: "send it without --split, or in another format",
  });
