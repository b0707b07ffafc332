import { join } from "node:path";

/** One sentence, ten seconds, spoken; its peak is 2 dB below full scale. */
export const SPOKEN = join(import.meta.dirname, "../../samples/hello.flac");

const MIX = "amix=normalize=0";

/** The same sentence in other voices, places and files, by what ffmpeg makes them with. */
export const RECORDINGS: readonly (readonly [name: string, file: string, options: readonly string[]])[] = [
  ["as it is", "plain.wav", ["-ar", "48000"]],
  ["quiet", "quiet.wav", ["-af", "volume=-24dB"]],
  ["in a deeper voice", "deep.wav", ["-af", "aresample=48000,asetrate=38000,aresample=48000"]],
  ["in a higher voice", "high.wav", ["-af", "aresample=48000,asetrate=62000,aresample=48000"]],
  ["by telephone", "phone.wav", ["-ar", "8000", "-c:a", "pcm_mulaw"]],
  ["coming and going", "pulsed.flac", ["-af", "tremolo=f=0.3:d=0.9"]],
  ["beside noise", "noisy.wav", ["-filter_complex", `anoisesrc=a=0.02:c=pink:d=10:seed=3[n];[0:a][n]${MIX}`]],
  ["in stereo", "stereo.wav", ["-ac", "2"]],
  ["in stereo, float", "float.wav", ["-ac", "2", "-c:a", "pcm_f32le"]],
  ["in stereo, MP3", "stereo.mp3", ["-ar", "44100", "-ac", "2", "-b:a", "192k"]],
  ["in stereo, M4A", "stereo.m4a", ["-ar", "44100", "-ac", "2", "-b:a", "192k"]],
];

/** Those of our clips, but for the input and the output. */
export const OPUSENC_SETTINGS = [
  ...["--quiet", "--vbr", "--speech", "--bitrate", "32", "--comp", "10", "--framesize", "20"],
];

/** Shorter than what one of several encoders gets at a time, so that each seam is at another place of the sentence. */
const HURRIED_SECONDS = 9.47;

/** What ffmpeg makes so many seconds of it with, again and again: 16 bits, mono, 48 kHz; the output's name follows. */
export function sentences(seconds: number): string[] {
  const hurried = `aresample=48000,asetrate=${Math.round(480_000 / HURRIED_SECONDS)},aresample=48000`;
  return [
    ...["-stream_loop", String(Math.ceil(seconds / HURRIED_SECONDS)), "-i", SPOKEN, "-t", String(seconds)],
    ...["-af", hurried, "-ac", "1", "-ar", "48000", "-c:a", "pcm_s16le"],
  ];
}
