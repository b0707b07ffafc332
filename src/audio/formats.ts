import { isRawFormat, type RawFormat } from "../model/raw-format.ts";
import type { AudioFormat } from "./sniff.ts";

/** How ffmpeg is to read one format, and nothing besides. */
export interface Reading {
  /** `-f`, and the only entry of `-format_whitelist`. */
  demuxer: string;
  /** Options of the demuxer, where the content does not tell. */
  options?: readonly string[];
  /** `-codec_whitelist`: where there are two decoders for a codec, ffmpeg takes its first. */
  decoders: readonly string[];
  /** Whether ffmpeg must go back and forth in it; then a stream is held in memory first. */
  seeks?: boolean;
}

const sizes = (kinds: readonly string[], orders: readonly string[]): string[] =>
  kinds.flatMap((kind) => orders.map((order) => `pcm_${kind}${order}`));
const WIDE = ["s16", "s24", "s32", "s64", "f32", "f64"];

const G711 = ["pcm_alaw", "pcm_mulaw"];
const PCM = ["pcm_u8", "pcm_s8", ...G711, ...sizes(WIDE, ["le", "be"])];
const MPEG = ["mp3float", "mp3", "mp2float", "mp2", "mp1float", "mp1"];
const AAC = ["aac", "aac_latm"];
const AMR_NB = ["amrnb", "libopencore_amrnb"];
const AMR_WB = ["amrwb", "libopencore_amrwb"];
const GSM = ["gsm", "libgsm"];
const GSM_MS = ["gsm_ms", "libgsm_ms"];
const OPUS = ["opus", "libopus"];
const VORBIS = ["vorbis", "libvorbis"];
const SPEEX = ["speex", "libspeex"];
const DOLBY = ["ac3", "eac3"];
const WMA = ["wmav1", "wmav2", "wmavoice", "wmapro", "wmalossless"];
const ADPCM = ["adpcm_ms", "adpcm_ima_wav", "adpcm_yamaha", "adpcm_g722", "g722", "g726", "adpcm_g726"];
const IN_WAV = [...PCM, ...GSM_MS, ...ADPCM, "g723_1", "truespeech", ...MPEG, ...AAC];
const IN_MP4 = [
  ...[...AAC, "alac", ...MPEG, ...AMR_NB, ...AMR_WB, ...OPUS, ...DOLBY, "flac", "adpcm_ima_qt"],
  ...[...GSM_MS, ...PCM],
];

/** By the format's extension, which {@link sniffAudio} gives by content. */
const READINGS: Record<string, Reading> = {
  wav: { demuxer: "wav", decoders: IN_WAV },
  w64: { demuxer: "w64", decoders: IN_WAV },
  mp3: { demuxer: "mp3", decoders: MPEG },
  aac: { demuxer: "aac", decoders: AAC },
  m4a: { demuxer: "mov", decoders: IN_MP4, seeks: true },
  mov: { demuxer: "mov", decoders: IN_MP4, seeks: true },
  "3gp": { demuxer: "mov", decoders: IN_MP4, seeks: true },
  amr: { demuxer: "amr", decoders: AMR_NB },
  awb: { demuxer: "amr", decoders: AMR_WB },
  flac: { demuxer: "flac", decoders: ["flac"] },
  aiff: { demuxer: "aiff", decoders: [...PCM, "adpcm_ima_qt", ...GSM, ...GSM_MS], seeks: true },
  caf: { demuxer: "caf", decoders: IN_MP4, seeks: true },
  au: { demuxer: "au", decoders: PCM },
  ogg: { demuxer: "ogg", decoders: [...OPUS, ...VORBIS, "flac", ...SPEEX] },
  webm: { demuxer: "matroska", decoders: [...OPUS, ...VORBIS] },
  mka: {
    demuxer: "matroska",
    decoders: [...OPUS, ...VORBIS, ...AAC, ...MPEG, ...DOLBY, "flac", "alac", "wavpack", ...PCM],
  },
  wma: { demuxer: "asf", decoders: [...WMA, ...MPEG, ...AAC] },
  flv: { demuxer: "flv", decoders: [...AAC, ...MPEG, ...SPEEX, "nellymoser", ...PCM] },
  ts: { demuxer: "mpegts", decoders: [...AAC, ...MPEG, ...DOLBY, ...OPUS] },
  ac3: { demuxer: "ac3", decoders: DOLBY },
  wv: { demuxer: "wv", decoders: ["wavpack"], seeks: true },
};

/** How to read a recording that was sniffed; undefined when it is none that we know. */
export const readingOf = ({ extension }: AudioFormat): Reading | undefined => READINGS[extension];

/** How ffmpeg reads sound without any header; undefined when there is no such format. */
export function rawReading(format: RawFormat): Reading | undefined {
  const { coding, sampleRate, channels } = format;
  if (!isRawFormat(format)) return undefined;
  if (coding === "gsm") return { demuxer: "gsm", decoders: GSM };
  if (coding === "g722") return { demuxer: "g722", decoders: ["g722", "adpcm_g722"] };
  return {
    demuxer: coding,
    options: ["-ar", String(sampleRate), "-ac", String(channels)],
    decoders: [`pcm_${coding}`],
  };
}
