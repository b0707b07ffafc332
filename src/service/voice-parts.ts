import { type MessageLimits, splitVoice, type VoicePart } from "../audio/index.ts";
import { toSottoError } from "../errors.ts";
import { encryptAttachment, voiceContent } from "../media/index.ts";
import type { RoomId } from "../model/ids.ts";
import type { VoiceStream } from "../model/recording.ts";
import type { Account } from "./account.ts";
import type { PreparedVoice } from "./prepare.ts";
import { relation, type SendOptions } from "./relation.ts";
import { roomLimits } from "./room-limits.ts";

/**
 * A recording as the messages that it takes in its room, one after another, each encrypted under a key of its own while it
 * is encoded. The ciphertext of each is to be taken before the next; what they say is known when all were taken.
 *
 * @throws SottoError what `splitVoice` throws; where the limits are not known
 */
export async function* voiceParts(
  account: Account,
  roomId: RoomId,
  recording: VoiceStream,
  options: SendOptions = {},
): AsyncGenerator<PreparedVoice, void> {
  // every part is in the thread; what is answered is answered once
  const { replyTo: _, ...others } = options;
  let number = 0;
  try {
    for await (const { chunks, facts } of splitVoice(recording, await limitsFor(account, roomId))) {
      number += 1;
      yield preparedPart(recording, { chunks, facts, number }, number === 1 ? options : others);
    }
  } catch (thrown) {
    recording.chunks.destroy(toSottoError(thrown));
    throw thrown;
  }
}

function preparedPart(
  recording: VoiceStream,
  { chunks, facts, number }: VoicePart & { number: number },
  options: SendOptions,
): PreparedVoice {
  const attachment = encryptAttachment(chunks);
  return {
    ciphertext: attachment.ciphertext,
    async message(size, of = 1) {
      const whole = await recording.facts;
      // one that fits is the message that it would be without all this
      const { durationMs, waveform } = of === 1 ? whole : await facts;
      const part = of > 1 ? { part: { number, of } } : {};
      const { file } = attachment;
      const content = voiceContent({ durationMs, waveform, size, file, ...part, ...relation(options) });
      return { content, facts: { ...whole, durationMs, waveform } };
    },
  };
}

/** The homeserver's and the room's together. The encoder goes on meanwhile, as far ahead as it may be. */
async function limitsFor(account: Account, roomId: RoomId): Promise<MessageLimits> {
  const [{ maxBytes, maxDurationMs }, maxUploadBytes] = await Promise.all([
    roomLimits(account, roomId),
    account.contentRepository.maxUploadBytes(),
  ]);
  const bytes = Math.min(maxBytes ?? Number.POSITIVE_INFINITY, maxUploadBytes ?? Number.POSITIVE_INFINITY);
  return { maxBytes: bytes, ...(maxDurationMs !== undefined && { maxDurationMs }) };
}
