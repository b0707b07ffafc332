import type { RecordedRequest } from "./recording-proxy.ts";

/** What only the people in a room may learn. */
export interface Secrets {
  /** File names and titles. */
  words: readonly string[];
  /** Finds any part of a recording, as it went in or as it came out: `recordingSearch`. */
  isOfRecording: (text: string) => boolean;
}

/** What would tell the homeserver that a voice message is on its way, or what is in it. */
const TELLTALE: readonly [what: string, pattern: RegExp][] = [
  // a room's power levels say who may send one
  ["a clear message", /m\.room\.message(?!":-?\d)/],
  ["a message type", /\bm\.(?:audio|text|file|voice)\b/],
  ["a MIME type", /audio\/[a-z]/],
  ["a key of a voice message", /org\.matrix\.msc(?:1767|2516|3245|3246|3927)/],
  ["a waveform", /"waveform"/],
  ["a duration", /"duration"/],
  ["a file name", /[?&]filename=|content-disposition/i],
  ["an Ogg page", /OggS\0/],
  ["an Opus header", /Opus(?:Head|Tags)/],
  ["a WAVE file", /RIFF.{4}WAVE/s],
];

/** A recording is found by any part of it that is twice as long. */
const CHUNK_BYTES = 16;
/** Silence and padding are in many files, and give nothing away. */
const MIN_DISTINCT_BYTES = 8;

/** Gives a function that names whatever of the secrets it finds in a request. */
export function leakSearch({ words, isOfRecording }: Secrets): (request: RecordedRequest) => string[] {
  return (request) => {
    const texts = readings(request);
    const found = [
      ...TELLTALE.filter(([, pattern]) => texts.some((text) => pattern.test(text))).map(([what]) => what),
      ...words.filter((word) => texts.some((text) => text.includes(word))).map((word) => `"${word}"`),
      ...(texts.some(isOfRecording) ? ["a part of a recording"] : []),
    ];
    return found.map((what) => `${what} in ${request.method} ${request.path}`);
  };
}

/** Gives a function that finds any part of the recordings in a text, which is bytes as Latin-1. */
export function recordingSearch(recordings: readonly Uint8Array[]): (text: string) => boolean {
  const chunks = new Set(recordings.flatMap(chunksOf));
  // most places can be passed by for the four bytes that end there
  const endings = new Uint8Array(2 ** 24);
  const placeOf = (lastFour: number): number => Math.imul(lastFour, 0x9e3779b1) >>> 8;
  const withNext = (lastFour: number, text: string, at: number): number =>
    (lastFour << 8) | (text.charCodeAt(at) & 0xff);
  const lastFourOf = (chunk: string): number =>
    [12, 13, 14, 15].reduce((four, at) => withNext(four, chunk, at), 0);
  for (const chunk of chunks) endings[placeOf(lastFourOf(chunk))] = 1;
  return (text) => {
    let lastFour = 0;
    for (let at = 0; at < text.length; at++) {
      lastFour = withNext(lastFour, text, at);
      if (endings[placeOf(lastFour)] && chunks.has(text.slice(at + 1 - CHUNK_BYTES, at + 1))) return true;
    }
    return false;
  };
}

function chunksOf(recording: Uint8Array): string[] {
  const text = Buffer.from(recording).toString("latin1");
  return Array.from({ length: Math.floor(text.length / CHUNK_BYTES) }, (_, index) =>
    text.slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES),
  ).filter(isTelling);
}

function isTelling(chunk: string): boolean {
  let distinct = 0;
  for (let at = 0; at < CHUNK_BYTES; at++) if (chunk.indexOf(chunk[at]!) === at) distinct += 1;
  return distinct >= MIN_DISTINCT_BYTES;
}

/** A request as it can be read: as it is, percent-decoded, and with whatever may be base64 decoded at each offset. */
function readings({ path, headers, body }: RecordedRequest): string[] {
  const raw = [path, JSON.stringify(headers), body.toString("latin1"), body.toString("utf8")];
  return [...new Set([...raw, percentDecoded(path), ...raw.flatMap(decodedRuns)])];
}

/** Whatever in a text may be base64, decoded at each offset. */
export const decodedRuns = (text: string): string[] =>
  (text.match(/[A-Za-z0-9+/_-]{24,}/g) ?? []).flatMap((run) =>
    [0, 1, 2, 3].map((offset) => Buffer.from(run.slice(offset), "base64").toString("latin1")),
  );

function percentDecoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
