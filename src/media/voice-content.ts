import { type SottoError, toSottoError } from "../errors.ts";
import type { EncryptedFile, RelatesTo, UnplacedFile, UnplacedVoiceMessage } from "../model/event.ts";
import { isMxcUri, type MxcUri } from "../model/ids.ts";
import { WAVEFORM_MAX } from "../model/recording.ts";
import { parseEncryptedFile } from "./encrypted-file.ts";

/** What goes into a voice message. */
export interface VoiceFacts {
  durationMs: number;
  /** `WAVEFORM_POINTS` integers, 0 to `WAVEFORM_MAX`. */
  waveform: number[];
  /** Bytes of the clear file. */
  size: number;
  file: UnplacedFile;
  /** Names the file; not a caption, which clients do not show beside a voice message. */
  title?: string;
  /** Of a recording that was split. */
  part?: { number: number; of: number };
  relatesTo?: RelatesTo;
}

/**
 * The content of a voice message as every client reads it, before Megolm.
 * https://github.com/matrix-org/matrix-spec-proposals/pull/3245 (the first draft, which is what clients send)
 *
 * `body` without `filename` is the file's name; with one it would be a caption.
 * https://spec.matrix.org/v1.19/client-server-api/#media-captions
 */
export function voiceContent({
  durationMs,
  waveform,
  size,
  file,
  title,
  part,
  relatesTo,
}: VoiceFacts): UnplacedVoiceMessage {
  return {
    msgtype: "m.audio",
    body: `${fileStem(title)}${part ? ` (${part.number} of ${part.of})` : ""}.ogg`,
    info: { mimetype: "audio/ogg", size, duration: durationMs },
    file,
    "org.matrix.msc1767.audio": { duration: durationMs, waveform },
    "org.matrix.msc3245.voice": {},
    "m.mentions": {},
    ...(relatesTo ? { "m.relates_to": relatesTo } : {}),
  };
}

const DEFAULT_STEM = "Voice message";
const MAX_STEM_CODE_POINTS = 80;

// Control and format characters (the latter turn the reading direction, and so hide an extension), separators, and
// what one system or another forbids in a file's name.
const UNFIT_FOR_A_NAME = /[\p{C}\p{Zl}\p{Zp}/\\:*?"<>|]+/gu;

function fileStem(title: string | undefined): string {
  const stem = (title ?? "")
    .toWellFormed()
    .replace(UNFIT_FOR_A_NAME, " ")
    .replace(/\.ogg\s*$/i, "")
    .replace(/\s+/g, " ")
    .replace(/^[\s.]+/, "");
  return [...stem].slice(0, MAX_STEM_CODE_POINTS).join("").trim() || DEFAULT_STEM;
}

/** What a received audio message says of itself. Only `file` is verified by anything; the rest is the sender's word. */
export interface ReceivedVoice {
  /** Marked as a voice message; false for any other audio file. */
  isVoice: boolean;
  /** The file's name as the sender gave it. Not safe as a path. */
  body: string;
  file?: EncryptedFile;
  /** Where the attachment lies in clear, if it does. Never beside `file`. */
  url?: MxcUri;
  /** Why neither `file` nor `url` is there: `ATTACHMENT_INVALID`. */
  problem?: SottoError;
  durationMs?: number;
  /** Integers, 0 to `WAVEFORM_MAX`, as many as were sent. */
  waveform?: number[];
  /** Bytes of the clear file. */
  size?: number;
  /** In lower case, without parameters. */
  mimetype?: string;
}

// v1 as all clients send it; MSC2516 before it; v2 as a key of v1 content, seen in the wild
const VOICE_MARKERS = ["org.matrix.msc3245.voice", "org.matrix.msc2516.voice", "org.matrix.msc3245.voice.v2"];

/**
 * Reads the content of a received `m.room.message`: undefined unless it is `m.audio`. Takes what clients and bridges
 * really send (durations in seconds, waveforms of another range or with holes, MIME parameters) and never throws:
 * the content is a stranger's.
 */
export function readVoiceContent(content: unknown): ReceivedVoice | undefined {
  const message = record(content);
  if (message.msgtype !== "m.audio") return undefined;
  const info = record(message.info);
  const audio = record(message["org.matrix.msc1767.audio"]);
  const durationMs = readDurationMs(info.duration, audio.duration);
  const waveform = readWaveform(audio.waveform);
  const size = amount(info.size);
  const mimetype = text(info.mimetype)?.split(";")[0]?.trim().toLowerCase();
  return {
    // a marker is any value that is true to JavaScript, as in Element Web's isVoiceMessage
    isVoice: VOICE_MARKERS.some((marker) => Boolean(message[marker])),
    body: text(message.filename) ?? text(message.body) ?? "",
    ...readAttachment(message),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(waveform === undefined ? {} : { waveform }),
    ...(size === undefined ? {} : { size }),
    ...(mimetype ? { mimetype } : {}),
  };
}

function readAttachment(message: Record<string, unknown>): Pick<ReceivedVoice, "file" | "url" | "problem"> {
  // an encrypted file beside a clear one: the encrypted one is meant, and a broken one is never replaced by the clear
  if (message.file === undefined && isMxcUri(message.url)) return { url: message.url };
  try {
    return { file: parseEncryptedFile(message.file) };
  } catch (error) {
    return { problem: toSottoError(error) };
  }
}

/**
 * `info.duration` is in milliseconds by the spec. MSC1767's is in milliseconds from Element and in seconds from those
 * who follow the later MSC3927: a pair a thousand times apart has seconds in it, and so has a lone fraction.
 */
function readDurationMs(ofInfo: unknown, ofAudio: unknown): number | undefined {
  const first = amount(ofInfo) ?? amount(ofAudio);
  const second = amount(ofAudio) ?? first;
  if (first === undefined || second === undefined) return undefined;
  const [low, high] = first < second ? [first, second] : [second, first];
  // whole seconds are rounded, so the factor is only near 1000
  if (low > 0 && high / low > 500 && high / low < 2000) return Math.round(high);
  return Math.round(Number.isInteger(first) ? first : first * 1000);
}

const MAX_RECEIVED_POINTS = 1024;

/**
 * Clients divide by 1024; the MSC's last word is 256, and bridges copy bytes: a waveform that never passes 256 is
 * taken to be of that range. Holes are silence.
 */
function readWaveform(value: unknown): number[] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_RECEIVED_POINTS) return undefined;
  const points = value.map((point) => amount(point) ?? 0);
  const scale = Math.max(...points) <= 256 ? 4 : 1;
  return points.map((point) => Math.min(WAVEFORM_MAX, Math.round(point * scale)));
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

const amount = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
