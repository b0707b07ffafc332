import type { FfmpegLimits } from "./ffmpeg.ts";
import { OPUS_SAMPLE_RATE, type OpusStream } from "./ogg.ts";
import { OpusThread } from "./opus-thread.ts";
import { WAVEFORM_SAMPLE_RATE } from "./waveform.ts";

/** What is sent as one voice message is shorter; without a bound, packets of two bytes would decode for days. */
const MAX_SECONDS = 4 * 60 * 60;
/** Starting the thread on a busy machine, and decoding at a small part of the speed that any machine has. */
export const START_LIMIT_MS = 30_000;
const LEAST_SPEED = 20;

let warm: OpusThread | undefined;

/**
 * Draws the waveform of a mono Opus stream without ffmpeg, in a thread of its own that stays warm for the next.
 *
 * @returns undefined when the decoder refuses a packet, gets fewer samples than the stream promises, does not answer in
 *   time or cannot be started: then ffmpeg decides what the recording is
 * @throws the signal's reason
 */
export async function drawOpus(
  stream: OpusStream,
  { signal, timeLimitMs = Number.POSITIVE_INFINITY, onStart }: FfmpegLimits = {},
): Promise<number[] | undefined> {
  signal?.throwIfAborted();
  const seconds = stream.samples / OPUS_SAMPLE_RATE;
  if (seconds > MAX_SECONDS) return undefined;
  const limitMs = Math.min(timeLimitMs, START_LIMIT_MS + (seconds * 1000) / LEAST_SPEED);
  warm ??= startThread();
  const thread = warm;

  const answer = Promise.withResolvers<number[] | undefined>();
  const giveUp = thread.ask(requestFor(stream), ({ waveform }) => answer.resolve(waveform));
  const tooLate = setTimeout(() => thread.end(), limitMs);
  const abort = (): void => {
    giveUp();
    answer.reject(signal?.reason);
  };
  signal?.addEventListener("abort", abort);
  try {
    onStart?.();
    return await answer.promise;
  } finally {
    clearTimeout(tooLate);
    signal?.removeEventListener("abort", abort);
  }
}

function startThread(): OpusThread {
  const thread: OpusThread = new OpusThread(() => {
    if (warm === thread) warm = undefined;
  });
  return thread;
}

/** In memory of its own, which moves to the thread instead of being copied again. */
export function packed(packets: readonly Uint8Array[]): { bytes: Uint8Array; sizes: Uint32Array } {
  const sizes = Uint32Array.from(packets, ({ length }) => length);
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  let offset = 0;
  for (const packet of packets) {
    bytes.set(packet, offset);
    offset += packet.length;
  }
  return { bytes, sizes };
}

function requestFor({ packets, preSkip, samples }: OpusStream) {
  const [begin, end] = [preSkip, preSkip + samples].map((at) =>
    Math.round((at * WAVEFORM_SAMPLE_RATE) / OPUS_SAMPLE_RATE),
  ) as [number, number];
  return { ...packed(packets), begin, end };
}
