import { once } from "node:events";
import { PassThrough, type Readable } from "node:stream";
import { encoderArguments, inputArguments, pcmArguments } from "./arguments.ts";
import { CHUNK_BYTES, deal, inOrder, PACKET_SAMPLES, SAMPLE_BYTES } from "./chunks.ts";
import { explain } from "./complaints.ts";
import { type Encoding, type EncodingRun, WrittenPackets } from "./encoding.ts";
import { type FfmpegRun, type RunningFfmpeg, startFfmpeg } from "./ffmpeg.ts";
import { OggError } from "./ogg.ts";

/** One encoder, and what it is given. */
interface Lane {
  pcm: PassThrough;
  bytes: number;
  encoder: RunningFfmpeg;
  written: WrittenPackets;
}

/** The chunk that an encoder is at, and its next one. */
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
  const over = new AbortController();
  const all: RunningFfmpeg[] = [];
  const kill = (): void => {
    over.abort();
    for (const ffmpeg of all) ffmpeg.kill();
  };
  const start = async (ffmpegRun: FfmpegRun): Promise<RunningFfmpeg> => {
    const ffmpeg = await startFfmpeg({ ...limits, ...ffmpegRun });
    all.push(ffmpeg);
    return ffmpeg;
  };
  const startLane = async (): Promise<Lane> => {
    const pcm = new PassThrough({ writableHighWaterMark: WAITING_BYTES });
    const encoder = await start({ args: encoderArguments(run.bitRate), input: { chunks: pcm } });
    return { pcm, bytes: 0, encoder, written: new WrittenPackets(encoder, run.maxBytes) };
  };
  const endOf = async (lane: Lane): Promise<void> => {
    const end = await lane.encoder.ended;
    const isWell = lane.pcm.readableEnded && (end.exit === 0 || lane.bytes === 0);
    if (!isWell && !over.signal.aborted) throw explain(end);
  };

  const lanes: Lane[] = [];
  try {
    const args = [...inputArguments(run.reading, run.form), ...pcmArguments(run.filters)];
    const decoder = await start({
      args,
      input: run.input,
      secondOutput: true,
      ...(onStart && { onStart }),
    });
    while (lanes.length < encoders) lanes.push(await startLane());
    const ends = [decoder.ended, ...lanes.map(endOf)] as const;
    for (const end of ends) end.catch(kill);
    const ended = Promise.allSettled(ends).then(async () => (await Promise.all(ends))[0]);
    ended.catch(() => {}); // whoever takes the packets asks later
    const dealt = dealOut(decoder.output, lanes, over.signal).catch(() => {
      kill();
      return 0;
    });
    return { ...together(lanes, dealt), waveform: decoder.secondOutput!, ended, ...clocks(all), kill };
  } catch (error) {
    kill();
    await Promise.allSettled(all.map(({ ended }) => ended));
    throw error;
  }
}

/** @returns how many bytes there were */
async function dealOut(pcm: Readable, lanes: readonly Lane[], signal: AbortSignal): Promise<number> {
  let bytes = 0;
  for await (const piece of pcm as AsyncIterable<Buffer>) {
    for (const { encoder, part } of deal(piece, bytes, lanes.length)) {
      const lane = lanes[encoder]!;
      lane.bytes += part.length;
      if (!lane.pcm.write(part)) await once(lane.pcm, "drain", { signal });
    }
    bytes += piece.length;
  }
  for (const { pcm } of lanes) pcm.end();
  return bytes;
}

/** The streams of all as one: every encoder has encoded what it was dealt, and there are as many packets as PCM has. */
function together(
  lanes: readonly Lane[],
  dealt: Promise<number>,
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
      samples = (await dealt) / SAMPLE_BYTES;
    },
    get preSkip() {
      return written.preSkip;
    },
    end() {
      const isWhole = lanes.every(
        (lane) => lane.bytes === 0 || lane.written.end() * SAMPLE_BYTES === lane.bytes,
      );
      if (!isWhole || packets !== Math.ceil((samples + written.preSkip) / PACKET_SAMPLES))
        throw new OggError("not what was decoded");
      return samples;
    },
  };
}

const clocks = (all: readonly RunningFfmpeg[]): Pick<Encoding, "pause" | "resume"> => ({
  pause: () => {
    for (const { clock } of all) clock.pause();
  },
  resume: () => {
    for (const { clock } of all) clock.resume();
  },
});
