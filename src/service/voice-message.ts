import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { sniffAudio } from "../audio/index.ts";
import {
  downloadClear,
  downloadToSpool,
  type ReceivedVoice,
  type VerifiedAttachment,
} from "../media/index.ts";
import type { VoiceDescription } from "../model/connector.ts";
import type { Account } from "./account.ts";
import { MAX_ATTACHMENT_BYTES } from "./receiving-policy.ts";
import { saveRecording } from "./save-recording.ts";

/**
 * A voice message that arrived, verified. Its recording waits as ciphertext on the disk, and can be had as often as it is
 * asked for, until the handler ends.
 */
export interface VoiceMessage extends VoiceDescription {
  /** Decrypted while it is read. */
  stream(): Readable;
  /** All of it in memory; `size` says how much that is. */
  bytes(): Promise<Uint8Array>;
  /**
   * Writes a file of mode 0600, which is whole and on the disk when it is there.
   *
   * @throws SottoError `FILE_EXISTS`; an error of the file system as it is
   */
  save(path: string): Promise<void>;
}

/** What is known of a recording once it is here. */
export type Fetched = Pick<VoiceDescription, "mimetype" | "extension" | "size"> & {
  attachment: VerifiedAttachment;
};

/** A voice message with its recording, which whoever has it closes. */
export type OpenedVoice = VoiceDescription & Pick<Fetched, "attachment">;

/** As a handler gets it, for as long as the recording is not closed. */
export const messageOf = ({ attachment, ...description }: OpenedVoice): VoiceMessage => ({
  ...description,
  stream: () => attachment.stream(),
  bytes: async () => await buffer(attachment.stream()),
  save: (path) => saveRecording(path, attachment.stream()),
});

/** Undefined where the recording is in clear and the room is not: that is of no interest. */
export async function fetchRecording(
  account: Account,
  voice: ReceivedVoice,
  isClear: boolean,
): Promise<Fetched | undefined> {
  const attachment = await download(account, voice, isClear);
  if (!attachment) return undefined;
  const beginning = await beginningOf(attachment).catch(async (error) => {
    await attachment[Symbol.asyncDispose]();
    throw error;
  });
  const { mimetype, extension } = sniffAudio(beginning);
  return { mimetype, extension, size: attachment.size, attachment };
}

async function download(
  { contentRepository, config }: Account,
  { file, url }: ReceivedVoice,
  isClear: boolean,
): Promise<VerifiedAttachment | undefined> {
  const where = {
    maxBytes: MAX_ATTACHMENT_BYTES,
    spoolPath: join(config.data, `attachment-${randomUUID()}`),
  };
  if (file) return downloadToSpool(contentRepository, file, where);
  return isClear && url ? downloadClear(contentRepository, url, where) : undefined;
}

/** One piece: at least what tells the format, also behind most tags. */
async function beginningOf(attachment: VerifiedAttachment): Promise<Uint8Array> {
  for await (const chunk of attachment.stream()) return chunk;
  return new Uint8Array();
}
