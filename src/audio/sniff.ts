/** What a recording is by its content. */
export interface AudioFormat {
  mimetype: string;
  /** Without the dot. */
  extension: string;
  /** The codec, where the container's first bytes tell it. */
  codec?: "opus" | "vorbis" | "flac" | "speex";
}

/** Bytes that {@link sniffAudio} looks at, behind an ID3 tag. */
export const SNIFF_BYTES = 512;
/** With fewer of them it knows most formats, and an ID3 tag. */
export const FIRST_SNIFF_BYTES = 64;

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

const MP3: AudioFormat = { mimetype: "audio/mpeg", extension: "mp3" };
const wav: AudioFormat = { mimetype: "audio/wav", extension: "wav" };
const mp4: AudioFormat = { mimetype: "audio/mp4", extension: "m4a" };
const quickTime: AudioFormat = { mimetype: "video/quicktime", extension: "mov" };
const aiff: AudioFormat = { mimetype: "audio/aiff", extension: "aiff" };
const signature = (format: AudioFormat, ...at: [offset: number, magic: string][]): Signature => ({
  at,
  format,
});

// Narrow ones first. An Ogg stream's first page holds one packet, so its 28th byte begins the codec's header
// (RFC 3533 section 6, RFC 7845 section 3).
const SIGNATURES: readonly Signature[] = [
  signature(ogg("opus"), [0, "OggS"], [28, "OpusHead"]),
  signature(ogg("vorbis"), [0, "OggS"], [28, "\x01vorbis"]),
  signature(ogg("flac"), [0, "OggS"], [28, "\x7FFLAC"]),
  signature(ogg("speex"), [0, "OggS"], [28, "Speex   "]),
  signature({ mimetype: "audio/ogg", extension: "ogg" }, [0, "OggS"]),
  ...["RIFF", "RIFX", "RF64", "BW64"].map((magic) => signature(wav, [0, magic], [8, "WAVE"])),
  signature({ mimetype: "audio/x-w64", extension: "w64" }, [0, "riff\x2E\x91\xCF\x11"]),
  signature({ mimetype: "audio/flac", extension: "flac", codec: "flac" }, [0, "fLaC"]),
  ...["3gp", "3g2", "3gr", "3gs"].map((brand) =>
    signature({ mimetype: "audio/3gpp", extension: "3gp" }, [4, "ftyp"], [8, brand]),
  ),
  signature(quickTime, [4, "ftypqt  "]),
  signature(mp4, [4, "ftyp"]),
  // QuickTime before there was a file type
  ...["moov", "mdat", "wide", "free", "skip", "pnot"].map((atom) =>
    signature(quickTime, [0, "\0"], [4, atom]),
  ),
  signature({ mimetype: "audio/x-caf", extension: "caf" }, [0, "caff"]),
  signature({ mimetype: "audio/amr-wb", extension: "awb" }, [0, "#!AMR-WB\n"]),
  signature({ mimetype: "audio/amr", extension: "amr" }, [0, "#!AMR\n"]),
  signature(aiff, [0, "FORM"], [8, "AIFF"]),
  signature(aiff, [0, "FORM"], [8, "AIFC"]),
  // a tag that is cut, or of a size that none has
  signature(MP3, [0, "ID3"]),
  signature({ mimetype: "audio/basic", extension: "au" }, [0, ".snd"]),
  signature({ mimetype: "audio/x-ms-wma", extension: "wma" }, [0, "\x30\x26\xB2\x75\x8E\x66\xCF\x11"]),
  signature({ mimetype: "video/x-flv", extension: "flv" }, [0, "FLV\x01"]),
  signature({ mimetype: "video/mp2t", extension: "ts" }, [0, "G"], [188, "G"], [376, "G"]),
  signature({ mimetype: "audio/x-wavpack", extension: "wv" }, [0, "wvpk"]),
  signature({ mimetype: "audio/ac3", extension: "ac3" }, [0, "\x0B\x77"]),
];

/** What people put ID3 tags before. */
const TAGGED = new Set(["mp3", "aac", "flac"]);
const ID3_HEADER_BYTES = 10;
const ID3_FOOTER_FLAG = 0x10;

/**
 * Where the sound begins behind an ID3v2 tag (ID3v2.4 section 3.1: the size is of four times seven bits).
 *
 * @returns 0 when there is no tag
 */
export function id3End(head: Uint8Array): number {
  const isTag = head.length >= ID3_HEADER_BYTES && head[0] === 0x49 && head[1] === 0x44 && head[2] === 0x33;
  if (!isTag || head.subarray(6, 10).some((byte) => byte > 0x7f)) return 0;
  const size = head.subarray(6, 10).reduce((sum, byte) => sum * 128 + byte, 0);
  return size + (head[5]! & ID3_FOOTER_FLAG ? 2 : 1) * ID3_HEADER_BYTES;
}

/**
 * Names a recording's format by its content: neither a file's name nor a sender's MIME type is proof of anything.
 * Formats it does not know are `application/octet-stream`, `bin`, and nobody tries to decode them.
 *
 * @param bytes its beginning; an MP3 is taken for granted behind an ID3 tag that goes beyond it
 */
export function sniffAudio(bytes: Uint8Array): AudioFormat {
  const tagEnd = id3End(bytes);
  return tagEnd === 0 ? sniffUntagged(bytes) : sniffBehindTag(bytes.subarray(tagEnd));
}

/** The same for what stands behind an ID3 tag; empty when nobody could look there. */
export function sniffBehindTag(sound: Uint8Array): AudioFormat {
  const sniffed = sniffUntagged(sound);
  return TAGGED.has(sniffed.extension) ? sniffed : MP3;
}

function sniffUntagged(bytes: Uint8Array): AudioFormat {
  const head = latin1(bytes);
  for (const { at, format } of SIGNATURES) {
    if (at.every(([offset, magic]) => head.startsWith(magic, offset))) return format;
  }
  if (head.startsWith("\x1A\x45\xDF\xA3")) return sniffEbml(head);
  return sniffMpegSync(bytes) ?? UNKNOWN;
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, SNIFF_BYTES)).toString("latin1");

/** Longer than any that is written. */
const EBML_HEADER_BYTES = 64;

/** WebM is Matroska with another DocType, which stands in the EBML header (RFC 8794 section 11.2.5). */
function sniffEbml(head: string): AudioFormat {
  return head.slice(0, EBML_HEADER_BYTES).includes("webm")
    ? { mimetype: "audio/webm", extension: "webm" }
    : { mimetype: "audio/x-matroska", extension: "mka" };
}

/**
 * MPEG audio and ADTS both begin with a sync word of eleven or twelve ones; the layer bits tell them apart: `00` is ADTS
 * (ISO/IEC 13818-7 section 6.2), others are MPEG audio (ISO/IEC 11172-3 section 2.4.2.3), where not every version, bit
 * rate and sample rate exists.
 */
function sniffMpegSync(bytes: Uint8Array): AudioFormat | undefined {
  const [sync = 0, header = 0, rates = 0xff] = bytes;
  if (sync !== 0xff || (header & 0xe0) !== 0xe0) return undefined;
  const [version, layer] = [(header >> 3) & 0b11, (header >> 1) & 0b11];
  if (layer === 0b00) {
    const rateIndex = (rates >> 2) & 0b1111;
    return (header & 0xf0) === 0xf0 && rateIndex < 13
      ? { mimetype: "audio/aac", extension: "aac" }
      : undefined;
  }
  const exists = version !== 0b01 && rates >> 4 !== 0b1111 && ((rates >> 2) & 0b11) !== 0b11;
  return exists ? MP3 : undefined;
}
