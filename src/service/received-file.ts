import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { convertVoice, type EncodeOptions, type TargetFormat } from "../audio/index.ts";
import { type ErrorCode, SottoError } from "../errors.ts";
import type { VoiceDescription } from "../model/connector.ts";
import type { EventId } from "../model/ids.ts";
import { createUnfinished, saveRecording } from "./save-recording.ts";

/** Into what a recording is turned on its way to a file, and within which limits. */
export interface Conversion {
  target: TargetFormat;
  options: EncodeOptions;
}

export interface ReceivedFile {
  file: string;
  /** Why it is as it was sent, and not in the format that was asked for. */
  unconverted?: SottoError;
}

type Received = Pick<VoiceDescription, "eventId" | "extension"> & { recording: Readable };

/**
 * Writes a recording into a folder, named by the event alone: nothing of the sender's reaches the file system. A file
 * that is there is not touched: the event has come a second time, because the holder ended before it could note the
 * first. What cannot be converted is kept as it was sent: it would come again and again, and others wait behind it.
 *
 * @throws SottoError; an error of the recording or of the file system as it is
 */
export async function receivedFile(
  folder: string,
  { eventId, extension, recording }: Received,
  conversion?: Conversion,
): Promise<ReceivedFile> {
  const stem = join(folder, eventName(eventId));
  const asSent = `${stem}.${extension}`;
  const file = conversion ? `${stem}.${conversion.target.format}` : asSent;
  try {
    if (!conversion) await saveRecording(file, recording);
    else return await converted(recording, { stem, asSent, file, ...conversion });
  } catch (error) {
    if (!(error instanceof SottoError && error.code === "FILE_EXISTS")) throw error;
  } finally {
    recording.destroy();
  }
  return { file };
}

/** Of one that is too long for a file's name, its hash: those of a homeserver's choice may have 255 bytes. */
function eventName(eventId: EventId): string {
  const name = Buffer.from(eventId).toString("base64url");
  return name.length <= LONGEST_NAME ? name : createHash("sha256").update(eventId).digest("base64url");
}

/** With an ending and what an unfinished file has around it, less than the 255 bytes that file systems take. */
const LONGEST_NAME = 200;

async function converted(
  recording: Readable,
  { stem, asSent, file, target, options }: Conversion & { stem: string; asSent: string; file: string },
): Promise<ReceivedFile> {
  await using result = await createUnfinished(file);
  await using original = await createUnfinished(`${stem}.sent`);
  for await (const chunk of recording as AsyncIterable<Buffer>) await original.file.writeFile(chunk);
  try {
    await convertVoice({ path: original.path }, target, result.file, options);
  } catch (error) {
    if (!(error instanceof SottoError && OF_THE_RECORDING.has(error.code))) throw error;
    await original.finish(asSent);
    return { file: asSent, unconverted: error };
  }
  await result.finish();
  return { file };
}

const OF_THE_RECORDING = new Set<ErrorCode>([
  "AUDIO_NOT_AUDIO",
  "AUDIO_EMPTY",
  "AUDIO_TOO_LARGE",
  "FFMPEG_FAILED",
]);
