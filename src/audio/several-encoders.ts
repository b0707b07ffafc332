import { once } from "node:events";
import { PassThrough, type Readable } from "node:stream";
import { encoderArguments, inputArguments, pcmArguments } from "./arguments.ts";
import { CHUNK_BYTES, deal, inOrder, inWholeSamples, PACKET_SAMPLES, SAMPLE_BYTES } from "./chunks.ts";
import { explain } from "./complaints.ts";
import { type Encoding, type EncodingRun, WrittenPackets } from "./encoding.ts";
import { type FfmpegLimits, type FfmpegRun, type RunningFfmpeg, startFfmpeg } from "./ffmpeg.ts";
import { OggError } from "./ogg.ts";

/** What may wait for an encoder: it still has one chunk to do when it is dealt the next. */
const WAITING_BYTES = 2 * CHUNK_BYTES;

/**
 * One ffmpeg decodes; others encode, each of them every so many chunks of the sound, one after another in one stream. They
 * get nothing of the recording but its PCM. When one fails, all end.
 *
 * @param encoders two or more
 * @throws what `startFfmpeg` throws
 */
export async function startSeveral(run: EncodingRun, encoders: number): Promise<Encoding> {
  const { onStart, ...limits } = run.limits;
  const group = new Group(limits);
  try {
    const lanes: Lane[] = [];
    while (lanes.length < encoders) lanes.push(await startLane(group, run));
    // last: what it gives before anybody reads is lost if it has ended by then, as it has where there is little sound
    const decoder = await group.start({
      args: [...inputArguments(run.reading, run.form), ...pcmArguments(run.filters)],
      input: run.input,
      secondOutput: true,
      ...(onStart && { onStart }),
    });
    const dealing = dealOut(decoder.output, lanes, group.over);
    const ends = [decoder.ended, ...lanes.map((lane) => endOf(lane, group.over))] as const;
    for (const end of [dealing, ...ends]) end.catch(() => group.kill());
    const ended = Promise.allSettled(ends).then(async () => (await Promise.all(ends))[0]);
    ended.catch(() => {}); // whoever takes the packets asks later
    return {
      ...together(lanes, dealing),
      waveform: decoder.secondOutput!,
      ended,
      pause: () => group.pause(),
      resume: () => group.resume(),
      kill: () => group.kill(),
    };
  } catch (error) {
    await group.end();
    throw error;
  }
}

/** Several ffmpegs that end together. */
class Group {
  readonly #limits: FfmpegLimits;
  readonly #over = new AbortController();
  readonly #all: RunningFfmpeg[] = [];

  constructor(limits: FfmpegLimits) {
    this.#limits = limits;
  }

  /** Aborted when they are killed. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  async start(run: FfmpegRun): Promise<RunningFfmpeg> {
    const ffmpeg = await startFfmpeg({ ...this.#limits, ...run });
    this.#all.push(ffmpeg);
    return ffmpeg;
  }

  pause(): void {
    for (const { clock } of this.#all) clock.pause();
  }

  resume(): void {
    for (const { clock } of this.#all) clock.resume();
  }

  kill(): void {
    this.#over.abort();
    for (const ffmpeg of this.#all) ffmpeg.kill();
  }

  /** Settles when all are gone. */
  async end(): Promise<void> {
    this.kill();
    await Promise.allSettled(this.#all.map(({ ended }) => ended));
  }
}

/** One encoder, and what it is dealt. */
interface Lane {
  encoder: RunningFfmpeg;
  written: WrittenPackets;
  pcm: PassThrough;
  bytes: number;
}

async function startLane(group: Group, { bitRate, maxBytes }: EncodingRun): Promise<Lane> {
  const pcm = new PassThrough({ writableHighWaterMark: WAITING_BYTES });
  const encoder = await group.start({ args: encoderArguments(bitRate), input: { chunks: pcm } });
  return { encoder, written: new WrittenPackets(encoder, maxBytes), pcm, bytes: 0 };
}

/** Rejects when it ends before its time, or badly. */
async function endOf(lane: Lane, over: AbortSignal): Promise<void> {
  const end = await lane.encoder.ended;
  const isWell = lane.pcm.readableEnded && (end.exit === 0 || lane.bytes === 0);
  if (!isWell && !over.aborted) throw explain(end);
}

/** @returns how many bytes there were */
async function dealOut(pcm: Readable, lanes: readonly Lane[], over: AbortSignal): Promise<number> {
  let bytes = 0;
  for await (const piece of inWholeSamples(pcm)) {
    for (const { encoder, part } of deal(piece, bytes, lanes.length)) {
      const lane = lanes[encoder]!;
      lane.bytes += part.length;
      if (!lane.pcm.write(part)) await once(lane.pcm, "drain", { signal: over });
    }
    bytes += piece.length;
  }
  for (const { pcm } of lanes) pcm.end();
  return bytes;
}

/** All streams as one: each has what its encoder was dealt, and together they have as many packets as there was PCM. */
function together(
  lanes: readonly Lane[],
  dealing: Promise<number>,
): Pick<Encoding, "packets" | "preSkip" | "end"> {
  const { written } = lanes[0]!;
  let samples = 0;
  let packets = 0;
  return {
    async *packets() {
      for await (const some of inOrder(lanes.map((lane) => lane.written.packets()))) {
        packets += some.length;
        yield some;
      }
      samples = (await dealing.catch(() => 0)) / SAMPLE_BYTES;
    },
    preSkip: () => written.preSkip(),
    end() {
      const isWhole = lanes.every(
        (lane) => lane.bytes === 0 || lane.written.end() * SAMPLE_BYTES === lane.bytes,
      );
      if (!isWhole || packets !== Math.ceil((samples + written.preSkip()) / PACKET_SAMPLES))
        throw new OggError("not what was decoded");
      return samples;
    },
  };
}
