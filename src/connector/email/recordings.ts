import { createHash } from "node:crypto";
import { SottoError } from "../../errors.ts";
import type { IncomingRecording } from "../../model/connector.ts";
import type { RawFormat } from "../../model/raw-format.ts";
import { type Part, readMime } from "./mime.ts";
import { provenanceOf } from "./provenance.ts";

const AUDIO_NAME =
  /\.(?:3ga|3gpp?|aac|ac3|aif[cf]?|alaw|al|amr|au|awb|caf|flac|g722|gsm|m4a|m4b|mka|mp3|mpga|oga|ogg|opus|sln|snd|spx|ul|ulaw|w64|wave?|weba|wma|wv)$/i;
/** A name decides only where the type says little. */
const NAMED = /^(?:application\/|binary\/|video\/)/;
const AUDIO_TYPE = /^(?:audio\/|application\/(?:x-)?ogg$|video\/3gpp2?$)/;

/** What telephones record without any header, by the end of the file's name. */
const RAW: Record<string, RawFormat> = {
  gsm: { coding: "gsm", sampleRate: 8000, channels: 1 },
  g722: { coding: "g722", sampleRate: 16_000, channels: 1 },
  ul: { coding: "mulaw", sampleRate: 8000, channels: 1 },
  ulaw: { coding: "mulaw", sampleRate: 8000, channels: 1 },
  al: { coding: "alaw", sampleRate: 8000, channels: 1 },
  alaw: { coding: "alaw", sampleRate: 8000, channels: 1 },
  sln: { coding: "s16le", sampleRate: 8000, channels: 1 },
};

/** A recording that came by mail. */
export type MailedRecording = IncomingRecording & { source: { bytes: Buffer } };

/**
 * Every recording in a mail. Whether it is one, its bytes will tell; here its type or its name says so. It is known by
 * the mail's Message-ID, the part's number and its bytes: a sender that gives all its mails one Message-ID loses none.
 *
 * @param nowMs - milliseconds since the epoch
 * @throws SottoError `AUDIO_NOT_AUDIO` where there is none; `MAIL_INVALID`
 */
export function recordingsOf(mail: Buffer, nowMs: number): MailedRecording[] {
  const { fields, parts } = readMime(mail);
  const about = provenanceOf(fields, nowMs);
  const name =
    fields.get("message-id") ??
    ["date", "from", "subject"].map((field) => fields.get(field) ?? "").join("\n");
  const recordings = parts.flatMap((part, index) => {
    if (!isAudio(part)) return [];
    const bytes = part.bytes();
    const raw = rawFormatOf(part);
    return [{ id: digest(name, String(index), bytes), source: { bytes }, about, ...(raw && { raw }) }];
  });
  if (recordings.length > 0) return recordings;
  throw new SottoError("AUDIO_NOT_AUDIO", "the mail holds no recording", {
    cure: "attach the recording; a PBX has a setting for it, such as attach=yes in Asterisk's voicemail.conf",
  });
}

/** The same recording in another room is another one. */
export const forRoom = <Recording extends IncomingRecording>(
  recording: Recording,
  room: string,
): Recording => ({
  ...recording,
  id: digest(recording.id, room),
  room,
});

const isAudio = ({ type, name }: Part): boolean =>
  AUDIO_TYPE.test(type) || (NAMED.test(type) && name !== undefined && AUDIO_NAME.test(name.trim()));

function rawFormatOf({ type, name = "" }: Part): RawFormat | undefined {
  const extension = /\.(\w+)\s*$/.exec(name)?.[1]?.toLowerCase() ?? type.replace(/^audio\/(?:x-)?/, "");
  return Object.hasOwn(RAW, extension) ? RAW[extension] : undefined;
}

/** Of parts that cannot run into each other. Not the Message-ID itself: Asterisk's holds the mailbox. */
function digest(...parts: (string | Buffer)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(createHash("sha256").update(part).digest());
  return hash.digest("hex");
}
