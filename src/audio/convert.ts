import type { FileHandle } from "node:fs/promises";
import { SottoError } from "../errors.ts";
import type { AudioSource } from "../model/recording.ts";
import { inputArguments, MONO, ONLY_SOUND, PLAIN_TIME } from "./arguments.ts";
import { complaintsOfDamage, explain } from "./complaints.ts";
import { type EncodeOptions, encodeVoice } from "./encode.ts";
import { type FfmpegInput, startFfmpeg } from "./ffmpeg.ts";
import { readingOf } from "./formats.ts";
import { openInput } from "./input.ts";
import { inItsForm, requireDescriptors } from "./input-form.ts";
import { WAV_HEADER_BYTES, wavHeader } from "./wav-header.ts";
import { WAVEFORM_OUTPUT, WAVEFORM_SAMPLE_RATE } from "./waveform.ts";

/** What a received recording can be turned into; each is also the file's extension. */
export const TARGET_FORMATS = ["wav", "mp3", "m4a", "flac", "ogg"] as const;

export interface TargetFormat {
  format: (typeof TARGET_FORMATS)[number];
  /** Of WAV only. Hz; 8,000 when absent, as telephones have it. */
  sampleRate?: number;
}

const TELEPHONE_RATE = 8000;
const DEFAULT_MAX_DURATION_MS = 4 * 60 * 60_000;

/**
 * For ffmpeg, which writes into a pipe and can go back to nothing: MP3 of one bit rate, whose length a player can reckon,
 * M4A in fragments, FLAC that does not say its length, and of WAV the samples alone.
 */
function encoderArguments({ format, sampleRate = TELEPHONE_RATE }: TargetFormat): readonly string[] {
  if (format === "wav") return ["-c:a", "pcm_s16le", "-ar", String(sampleRate), "-f", "s16le"];
  if (format === "mp3")
    return ["-c:a", "libmp3lame", "-b:a", "64k", "-ar", "48000", "-write_xing", "0", "-f", "mp3"];
  if (format === "m4a")
    return [
      "-c:a",
      "aac",
      "-b:a",
      "64k",
      "-ar",
      "48000",
      "-movflags",
      "empty_moov+frag_keyframe",
      "-f",
      "ipod",
    ];
  return ["-c:a", "flac", "-ar", "48000", "-sample_fmt", "s16", "-f", "flac"];
}

/**
 * Turns a received recording, which is as hostile as any, into another format: mono, without anything but its sound.
 *
 * @param into an empty file, open for writing; worth nothing when this rejects
 * @returns whether the recording was cut short or is damaged
 * @throws SottoError as `encodeVoice` does; an error of the file system as it is
 */
export async function convertVoice(
  source: AudioSource,
  target: TargetFormat,
  into: FileHandle,
  options: EncodeOptions = {},
): Promise<{ truncated: boolean }> {
  if (target.format === "ogg") {
    const { chunks, facts } = encodeVoice(source, options);
    for await (const chunk of chunks) await into.writeFile(chunk);
    return { truncated: (await facts).truncated };
  }
  const input = await openInput(source, options);
  try {
    const reading = readingOf(input.format);
    if (!reading) throw new SottoError("AUDIO_NOT_AUDIO", "this is no recording that Sotto knows");
    const forFfmpeg = await input.forFfmpeg(reading.seeks === true, Number.POSITIVE_INFINITY);
    const isWav = target.format === "wav";
    if (isWav) await into.writeFile(Buffer.alloc(WAV_HEADER_BYTES));
    const encoding = inItsForm(forFfmpeg, (form) =>
      encode(forFfmpeg, inputArguments(reading, form), target, options),
    );
    let bytes = 0;
    for (;;) {
      const { value, done } = await encoding.next();
      if (!done) {
        await into.writeFile(value);
        bytes += value.length;
        continue;
      }
      if (isWav)
        await into.write(wavHeader(target.sampleRate ?? TELEPHONE_RATE, bytes), 0, WAV_HEADER_BYTES, 0);
      const isCut = await input.isCutShort(value.durationMs);
      return { truncated: isCut || (reading.demuxer !== "mp3" && value.isDamaged) };
    }
  } finally {
    await input.close();
  }
}

/** What is heard is counted on the other output: a container may be written around no sound at all. */
async function* encode(
  input: FfmpegInput,
  inputArgs: readonly string[],
  target: TargetFormat,
  { maxDurationMs = DEFAULT_MAX_DURATION_MS, ...limits }: EncodeOptions,
): AsyncGenerator<Buffer, { durationMs: number; isDamaged: boolean }> {
  const mono = ["-map", "0:a:0", ...ONLY_SOUND, "-af", `${PLAIN_TIME},${MONO}`];
  const ffmpeg = await startFfmpeg({
    ...limits,
    args: [
      ...[...inputArgs, ...mono, "-ac", "1", ...encoderArguments(target), "-fflags", "+bitexact", "pipe:1"],
      ...[...mono, ...WAVEFORM_OUTPUT, "pipe:3"],
    ],
    input,
    secondOutput: true,
  });
  let durationMs = 0;
  ffmpeg.secondOutput!.on("data", (chunk: Buffer) => {
    durationMs += (chunk.length / 2 / WAVEFORM_SAMPLE_RATE) * 1000;
    if (durationMs > maxDurationMs) ffmpeg.kill();
  });
  const tooLong = () => new SottoError("AUDIO_TOO_LARGE", "the recording is longer than audio.maxDuration");
  try {
    for await (const chunk of ffmpeg.output as AsyncIterable<Buffer>) {
      ffmpeg.clock.pause();
      yield chunk;
      ffmpeg.clock.resume();
    }
    const end = await ffmpeg.ended;
    requireDescriptors(end);
    if (durationMs > maxDurationMs) throw tooLong();
    if (/Unknown encoder/.test(end.complaints))
      throw new SottoError("FFMPEG_MISSING", `this ffmpeg cannot write ${target.format}`);
    if (durationMs === 0 && end.exit === 0)
      throw new SottoError("AUDIO_EMPTY", "the recording holds no sound");
    if (durationMs === 0 || typeof end.exit !== "number") throw explain(end);
    return { durationMs, isDamaged: end.exit !== 0 || complaintsOfDamage(end) !== "" };
  } catch (error) {
    if (durationMs > maxDurationMs) throw tooLong(); // which is why it was ended
    throw error;
  } finally {
    ffmpeg.kill();
    await ffmpeg.ended.catch(() => {});
  }
}
