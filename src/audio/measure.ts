import { fstatSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { SottoError } from "../errors.ts";
import type { RawFormat } from "../model/raw-format.ts";
import type { AudioSource } from "../model/recording.ts";
import { type InputForm, inputArguments } from "./arguments.ts";
import { explain, knowsNoDescriptors } from "./complaints.ts";
import { type FfmpegInput, type FfmpegLimits, startFfmpeg } from "./ffmpeg.ts";
import { type Reading, rawReading, readingOf } from "./formats.ts";
import { openInput } from "./input.ts";

/** What a recording is, by its content. */
export interface Measured {
  /** The extension of its format, such as `wav` or `m4a`; `raw` without a header. */
  container: string;
  /** As ffmpeg names it, such as `pcm_s16le`, `aac` or `opus`. */
  codec: string;
  /** Hz; what the stream says, which is 48,000 for all of Opus. */
  sampleRate: number;
  /** As ffmpeg names them: `mono`, `stereo`, `5.1`. */
  channels: string;
  /** Integrated loudness of all channels (EBU R128); undefined for silence, and for what is shorter than 0.4 s. */
  loudnessLufs?: number;
}

interface ListenOptions extends FfmpegLimits {
  filters?: readonly string[];
  /** Told now and then how much has been measured, and which part of the whole that is, where it can be known. */
  onProgress?: (durationMs: number, part: number | undefined) => void;
}

export interface MeasureOptions extends Omit<ListenOptions, "filters"> {
  raw?: RawFormat;
  maxHeldBytes?: number;
}

const REPORT_MS = 250;
const DEFAULT_MAX_HELD_BYTES = 512 * 1024 ** 2;

/** One packet as it is, in a form that says what its stream is and holds no word of the recording's. */
const WHAT_IT_IS = ["-map", "0:a:0", "-c", "copy", "-frames:a", "1", "-f", "framecrc", "pipe:1"];
/** Its loudness so far, every tenth of a second. */
const EVERY_TENTH = ["ebur128=metadata=1", "ametadata=print:key=lavfi.r128.I:file=pipe\\\\:3"];
/** The floor of the measurement: below it, R128 counts nothing. */
const NOTHING_LUFS = -70;

/**
 * Looks through a recording to its end, and listens to all of it.
 *
 * @throws SottoError `AUDIO_*`, `FFMPEG_*`, `SANDBOX_MISSING`, `TIMEOUT`; the signal's reason
 */
export async function measure(source: AudioSource, options: MeasureOptions = {}): Promise<Measured> {
  const { raw, maxHeldBytes = DEFAULT_MAX_HELD_BYTES, ...how } = options;
  const input = await openInput(source, how);
  try {
    const reading = raw ? rawReading(raw) : readingOf(input.format);
    if (!reading) throw new SottoError("AUDIO_NOT_AUDIO", "this is no recording that Sotto knows");
    const forFfmpeg = await input.forFfmpeg(reading.seeks === true, maxHeldBytes);
    const sound = await listen(forFfmpeg, reading, how);
    return { container: raw ? "raw" : input.format.extension, ...sound };
  } finally {
    await input.close();
  }
}

/** @param filters what is done to the sound before its loudness is measured */
export async function listen(
  input: FfmpegInput,
  reading: Reading,
  { filters = [], onProgress, ...limits }: ListenOptions,
): Promise<Omit<Measured, "container">> {
  const howLoud = ["-map", "0:a:0", "-af", [...filters, ...EVERY_TENTH].join(","), "-f", "null", "-"];
  const forms: readonly InputForm[] = "fd" in input ? ["fd", "path"] : ["pipe"];
  for (const form of forms) {
    const args = [...inputArguments(reading, form), ...WHAT_IT_IS, ...howLoud];
    const ffmpeg = await startFfmpeg({ ...limits, args, input, secondOutput: true });
    const size = "fd" in input ? fstatSync(input.fd).size : 0;
    let listenedMs = 0;
    const reporting = setInterval(async () => {
      onProgress?.(listenedMs, "fd" in input ? await partRead(input.fd, size) : undefined);
    }, REPORT_MS);
    try {
      const [description, loudness] = await Promise.all([
        text(ffmpeg.output),
        lastLoudness(ffmpeg.secondOutput!, (durationMs) => {
          listenedMs = durationMs;
        }),
      ]);
      const end = await ffmpeg.ended;
      if (knowsNoDescriptors(end)) continue; // it has read nothing yet
      const described = describe(description);
      if (!described) throw explain(end);
      return { ...described, ...(loudness > NOTHING_LUFS && { loudnessLufs: loudness }) };
    } finally {
      clearInterval(reporting);
      ffmpeg.kill();
      await ffmpeg.ended.catch(() => {});
    }
  }
  throw new SottoError("FFMPEG_FAILED", "ffmpeg takes no open file");
}

/** The header of https://ffmpeg.org/ffmpeg-formats.html#framecrc */
function describe(header: string): Pick<Measured, "codec" | "sampleRate" | "channels"> | undefined {
  const value = (name: string): string | undefined => new RegExp(`^#${name} 0: (.+)$`, "m").exec(header)?.[1];
  const [codec, sampleRate] = [value("codec_id"), Number(value("sample_rate"))];
  if (!codec || !sampleRate) return undefined;
  return { codec, sampleRate, channels: value("channel_layout_name") ?? "unknown" };
}

async function lastLoudness(lines: Readable, onTime: (durationMs: number) => void): Promise<number> {
  let last = NOTHING_LUFS;
  for await (const line of createInterface({ input: lines })) {
    const [, name, value] = /(pts_time:|lavfi\.r128\.I=)(\S+)$/.exec(line) ?? [];
    if (name === "pts_time:") onTime(Number(value) * 1000);
    else if (name) last = Number(value);
  }
  return last;
}

/** The part of a file that ffmpeg has read: it moves the position that it shares with us. Undefined where no system tells. */
async function partRead(fd: number, size: number): Promise<number | undefined> {
  const info = await readFile(`/proc/self/fdinfo/${fd}`, "utf8").catch(() => "");
  const position = Number(/^pos:\s*(\d+)$/m.exec(info)?.[1] ?? 0);
  return position > 0 && size > 0 ? Math.min(1, position / size) : undefined;
}
