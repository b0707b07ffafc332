import type { RawFormat } from "../../model/raw-format.ts";

/** One of the formats of voicemail.conf, by the ending that Asterisk gives its files. */
export interface VoicemailFormat {
  ending: string;
  /** What it is, where it has no header. */
  raw?: RawFormat;
}

const raw = (coding: string, sampleRate: number): { raw: RawFormat } => ({
  raw: { coding, sampleRate, channels: 1 },
});

/** Best first; `wav49` is GSM in a file called `.WAV`. */
const FORMATS: readonly VoicemailFormat[] = [
  { ending: "wav16" },
  { ending: "sln16", ...raw("s16le", 16_000) },
  { ending: "g722", ...raw("g722", 16_000) },
  { ending: "wav" },
  { ending: "sln", ...raw("s16le", 8_000) },
  { ending: "ulaw", ...raw("mulaw", 8_000) },
  { ending: "alaw", ...raw("alaw", 8_000) },
  { ending: "ogg" },
  { ending: "WAV" },
  { ending: "gsm", ...raw("gsm", 8_000) },
];

/** The best of the formats in which a message lies in its folder. */
export const bestFormat = (message: string, names: ReadonlySet<string>): VoicemailFormat | undefined =>
  FORMATS.find(({ ending }) => names.has(`${message}.${ending}`));
