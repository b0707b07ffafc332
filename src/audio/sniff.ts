/** What a recording is by its content. */
export interface AudioFormat {
  mimetype: string;
  /** Without the dot. */
  extension: string;
  /** The codec, where the container's first bytes tell it. */
  codec?: "opus" | "vorbis" | "flac" | "speex";
}

/** Bytes that {@link sniffAudio} needs at most. */
export const SNIFF_BYTES = 64;

const UNKNOWN: AudioFormat = { mimetype: "application/octet-stream", extension: "bin" };

interface Signature {
  /** Strings (Latin-1) and where they must stand. */
  at: readonly (readonly [offset: number, magic: string])[];
  format: AudioFormat;
}

const ogg = (codec: NonNullable<AudioFormat["codec"]>): AudioFormat => ({
  mimetype: "audio/ogg",
  extension: "ogg",
  codec,
});

// Narrow ones first. An Ogg stream's first page holds one packet, so its 28th byte begins the codec's header
// (RFC 3533 section 6, RFC 7845 section 3).
const SIGNATURES: readonly Signature[] = [
  {
    at: [
      [0, "OggS"],
      [28, "OpusHead"],
    ],
    format: ogg("opus"),
  },
  {
    at: [
      [0, "OggS"],
      [28, "\x01vorbis"],
    ],
    format: ogg("vorbis"),
  },
  {
    at: [
      [0, "OggS"],
      [28, "\x7FFLAC"],
    ],
    format: ogg("flac"),
  },
  {
    at: [
      [0, "OggS"],
      [28, "Speex   "],
    ],
    format: ogg("speex"),
  },
  { at: [[0, "OggS"]], format: { mimetype: "audio/ogg", extension: "ogg" } },
  {
    at: [
      [0, "RIFF"],
      [8, "WAVE"],
    ],
    format: { mimetype: "audio/wav", extension: "wav" },
  },
  {
    at: [
      [0, "RF64"],
      [8, "WAVE"],
    ],
    format: { mimetype: "audio/wav", extension: "wav" },
  },
  { at: [[0, "fLaC"]], format: { mimetype: "audio/flac", extension: "flac", codec: "flac" } },
  { at: [[4, "ftyp"]], format: { mimetype: "audio/mp4", extension: "m4a" } },
  { at: [[0, "caff"]], format: { mimetype: "audio/x-caf", extension: "caf" } },
  { at: [[0, "#!AMR-WB\n"]], format: { mimetype: "audio/amr-wb", extension: "awb" } },
  { at: [[0, "#!AMR\n"]], format: { mimetype: "audio/amr", extension: "amr" } },
  {
    at: [
      [0, "FORM"],
      [8, "AIFF"],
    ],
    format: { mimetype: "audio/aiff", extension: "aiff" },
  },
  {
    at: [
      [0, "FORM"],
      [8, "AIFC"],
    ],
    format: { mimetype: "audio/aiff", extension: "aiff" },
  },
  { at: [[0, ".snd"]], format: { mimetype: "audio/basic", extension: "au" } },
  { at: [[0, "ID3"]], format: { mimetype: "audio/mpeg", extension: "mp3" } },
];

/**
 * Names a recording's format by its content: neither a file's name nor a sender's MIME type is proof of anything.
 * Formats it does not know are `application/octet-stream`, `bin`; ffmpeg may still read them.
 */
export function sniffAudio(bytes: Uint8Array): AudioFormat {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, SNIFF_BYTES)).toString(
    "latin1",
  );
  for (const { at, format } of SIGNATURES) {
    if (at.every(([offset, magic]) => head.startsWith(magic, offset))) return format;
  }
  if (head.startsWith("\x1A\x45\xDF\xA3")) return sniffEbml(head);
  return sniffMpegSync(bytes) ?? UNKNOWN;
}

/** WebM is Matroska with another DocType, which stands in the EBML header (RFC 8794 section 11.2.5). */
function sniffEbml(head: string): AudioFormat {
  return head.includes("webm")
    ? { mimetype: "audio/webm", extension: "webm" }
    : { mimetype: "audio/x-matroska", extension: "mka" };
}

/**
 * MP3 and ADTS both begin with a sync word of eleven or twelve ones; the layer bits tell them apart: `00` is ADTS
 * (ISO/IEC 13818-7 section 6.2), `01` is MPEG audio layer III (ISO/IEC 11172-3 section 2.4.2.3).
 */
function sniffMpegSync(bytes: Uint8Array): AudioFormat | undefined {
  const [sync = 0, header = 0] = bytes;
  if (sync !== 0xff || (header & 0xe0) !== 0xe0) return undefined;
  const layer = (header >> 1) & 0b11;
  if (layer === 0b01) return { mimetype: "audio/mpeg", extension: "mp3" };
  if (layer === 0b00 && (header & 0xf0) === 0xf0) return { mimetype: "audio/aac", extension: "aac" };
  return undefined;
}
