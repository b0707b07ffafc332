import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { RawFormat } from "../../src/model/raw-format.ts";
import { amrNarrow, amrWide, gsm, gsmWav, oggSpeex } from "./by-hand.ts";

/** One kind of recording that people have. `docs/audio-formats.md` shows this list. */
export interface Input {
  name: string;
  /** Without the dot, by content; `raw` where it must be said. */
  extension: string;
  /** What ffmpeg is told to write, or the recording itself where no usual ffmpeg can write it. */
  make: readonly string[] | ((seconds: number) => Buffer);
  /** The file's ending for ffmpeg, where it is not the extension. */
  ending?: string;
  raw?: RawFormat;
  /** What encoders add; 0 when absent. */
  toleranceMs?: number;
}

const wav = (name: string, ...make: string[]): Input => ({ name: `WAV ${name}`, extension: "wav", make });
const pcm = (coding: string, ...options: string[]): Input => wav(coding, "-c:a", `pcm_${coding}`, ...options);

export const INPUTS: readonly Input[] = [
  ...["u8", "s16le", "s24le", "s32le", "f32le", "f64le", "alaw", "mulaw"].map((coding) => pcm(coding)),
  ...[8000, 11_025, 22_050, 96_000, 192_000].map((rate) =>
    wav(`s16le, ${rate} Hz`, "-c:a", "pcm_s16le", "-ar", String(rate)),
  ),
  wav("s16le, stereo", "-ac", "2"),
  wav("s16le, 5.1", "-ac", "6"),
  wav("in RF64", "-rf64", "always"),
  { ...wav("ADPCM (Microsoft)", "-c:a", "adpcm_ms"), toleranceMs: 60 },
  { ...wav("ADPCM (IMA)", "-c:a", "adpcm_ima_wav"), toleranceMs: 60 },
  { name: "WAV GSM (wav49)", extension: "wav", make: gsmWav },
  { name: "W64", extension: "w64", make: [] },
  { name: "MP3 with ID3 and Xing", extension: "mp3", make: ["-metadata", "title=x"], toleranceMs: 60 },
  {
    name: "MP3 bare",
    extension: "mp3",
    make: ["-write_xing", "0", "-id3v2_version", "0"],
    toleranceMs: 100,
  },
  { name: "MP2", extension: "mp3", ending: "mp2", make: [], toleranceMs: 60 },
  { name: "AAC in ADTS", extension: "aac", make: [], toleranceMs: 60 },
  { name: "AAC in ADTS with ID3", extension: "aac", make: ["-write_id3v2", "1"], toleranceMs: 60 },
  { name: "M4A, index at the end", extension: "m4a", make: [], toleranceMs: 30 },
  {
    name: "M4A, index at the beginning",
    extension: "m4a",
    make: ["-movflags", "faststart"],
    toleranceMs: 30,
  },
  {
    name: "M4A in fragments",
    extension: "m4a",
    ending: "mp4",
    make: ["-movflags", "frag_keyframe+empty_moov"],
    toleranceMs: 60,
  },
  { name: "M4A with ALAC", extension: "m4a", make: ["-c:a", "alac"] },
  { name: "MP4 with Opus", extension: "m4a", ending: "mp4", make: ["-c:a", "libopus"], toleranceMs: 20 },
  { name: "QuickTime", extension: "mov", make: ["-c:a", "pcm_s16be"] },
  { name: "3GP with AAC", extension: "3gp", make: ["-c:a", "aac", "-ac", "1"], toleranceMs: 60 },
  { name: "AMR-NB", extension: "amr", make: amrNarrow },
  { name: "AMR-WB", extension: "awb", make: amrWide },
  { name: "FLAC", extension: "flac", make: [] },
  { name: "AIFF", extension: "aiff", make: [] },
  { name: "AIFC, little endian", extension: "aiff", make: ["-c:a", "pcm_s16le"] },
  { name: "AIFC A-law", extension: "aiff", make: ["-c:a", "pcm_alaw"] },
  { name: "CAF with PCM", extension: "caf", make: [] },
  { name: "CAF with ALAC", extension: "caf", make: ["-c:a", "alac"], toleranceMs: 100 },
  { name: "AU", extension: "au", make: [] },
  { name: "Ogg Vorbis", extension: "ogg", make: ["-c:a", "libvorbis"], toleranceMs: 20 },
  { name: "Ogg Opus, mono", extension: "ogg", make: ["-c:a", "libopus", "-ac", "1"] },
  { name: "Ogg Opus, stereo", extension: "ogg", make: ["-c:a", "libopus", "-ac", "2"], toleranceMs: 20 },
  { name: "Ogg FLAC", extension: "ogg", make: ["-c:a", "flac"] },
  { name: "Ogg Speex", extension: "ogg", make: oggSpeex, toleranceMs: 40 },
  { name: "WebM with Opus", extension: "webm", make: ["-c:a", "libopus"], toleranceMs: 30 },
  { name: "WebM with Vorbis", extension: "webm", make: ["-c:a", "libvorbis"], toleranceMs: 30 },
  { name: "Matroska with AAC", extension: "mka", make: ["-c:a", "aac"], toleranceMs: 60 },
  { name: "Matroska with FLAC", extension: "mka", make: ["-c:a", "flac"], toleranceMs: 5 },
  { name: "WMA", extension: "wma", make: [], toleranceMs: 120 },
  { name: "FLV with MP3", extension: "flv", make: ["-ar", "44100"], toleranceMs: 60 },
  { name: "MPEG-TS with AAC", extension: "ts", make: ["-c:a", "aac"], toleranceMs: 60 },
  { name: "AC-3", extension: "ac3", make: [], toleranceMs: 60 },
  { name: "WavPack", extension: "wv", make: [] },
  {
    name: "raw s16le",
    extension: "raw",
    make: ["-f", "s16le", "-ar", "8000", "-ac", "1"],
    raw: { coding: "s16le", sampleRate: 8000, channels: 1 },
  },
  {
    name: "raw µ-law, stereo",
    extension: "raw",
    make: ["-f", "mulaw", "-ar", "8000", "-ac", "2"],
    raw: { coding: "mulaw", sampleRate: 8000, channels: 2 },
  },
  {
    name: "raw G.722",
    extension: "raw",
    make: ["-f", "g722", "-ar", "16000", "-ac", "1"],
    raw: { coding: "g722", sampleRate: 16_000, channels: 1 },
    toleranceMs: 2,
  },
  { name: "raw GSM", extension: "raw", make: gsm, raw: { coding: "gsm", sampleRate: 8000, channels: 1 } },
];

/**
 * Makes a recording of this kind.
 *
 * @param seconds whole ones
 * @returns its path
 */
export async function makeInput(
  input: Input,
  folder: string,
  ffmpeg: string,
  seconds: number,
): Promise<string> {
  const { make, extension, ending = extension } = input;
  const path = join(folder, `${input.name.replaceAll(/\W+/g, "-")}.${ending}`);
  if (typeof make === "function") {
    await writeFile(path, make(seconds));
    return path;
  }
  // quiet, as recordings of telephones are
  const source = `sine=frequency=440:sample_rate=48000:duration=${seconds},volume=0.05`;
  const args = ["-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", source, ...make, `file:${path}`];
  await promisify(execFile)(ffmpeg, args);
  return path;
}
