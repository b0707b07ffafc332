import { encodeVoice } from "../audio/index.ts";
import { encryptAttachment, voiceContent } from "../media/index.ts";
import type { UnplacedVoiceMessage } from "../model/event.ts";
import type { RoomId } from "../model/ids.ts";
import type { Prepare } from "../model/ports.ts";
import type { RawFormat } from "../model/raw-format.ts";
import type { VoiceFacts, VoiceStream } from "../model/recording.ts";
import type { SoundCare } from "../model/sound-care.ts";
import type { Account } from "./account.ts";
import { audioOptions, withCare } from "./audio-options.ts";
import { fitting } from "./fitting.ts";
import { relation, replacing, type SendOptions } from "./relation.ts";
import { RELAYED } from "./relayed.ts";

/** A recording on its way into a message. */
export interface PreparedVoice {
  ciphertext: AsyncIterable<Uint8Array>;
  /**
   * Once the ciphertext has been taken.
   * @throws SottoError `AUDIO_TOO_LARGE` where the room's bridge takes no such message; taking it throws that too, as soon
   *   as it is known
   */
  message(size: number): Promise<{ content: UnplacedVoiceMessage; facts: VoiceFacts }>;
}

/** Encrypts a recording under a key of its own while it is encoded. */
export function prepareVoice(
  account: Account,
  room: Promise<RoomId>,
  recording: VoiceStream,
  options: SendOptions = {},
): PreparedVoice {
  const startedMs = performance.now();
  const voice = fitting(account, room, recording);
  const attachment = encryptAttachment(voice.chunks);
  return {
    ciphertext: attachment.ciphertext,
    async message(size) {
      const facts = await recording.facts;
      const { durationMs, waveform, encodedBecause } = facts;
      if (encodedBecause !== undefined) account.meter.transcoded((performance.now() - startedMs) / 1000);
      await voice.requireFit({ size, durationMs });
      const { file } = attachment;
      return { content: voiceContent({ durationMs, waveform, size, file, ...relation(options) }), facts };
    },
  };
}

/** How a recording that was accepted becomes a message. */
export interface Recipe extends SendOptions {
  raw?: RawFormat;
  care?: SoundCare;
  /** It came out of another room. */
  isRelay?: true;
  /** The job whose message it takes the place of. */
  replaces?: number;
}

/** The outbox's way to a message where only the recording is there: {@link Recipe} is what was kept with it. */
export const prepareAccepted =
  (account: Account): Prepare =>
  (job, recording) => {
    const { raw, care, isRelay, replaces, ...options } = JSON.parse(job.contentJson!) as Recipe;
    const clip = encodeVoice(
      { stream: recording },
      {
        ...withCare(audioOptions(account.config), care),
        ...(raw && { raw }),
        signal: account.stopping,
      },
    );
    const voice = prepareVoice(account, Promise.resolve(job.roomId), clip, options);
    return {
      ciphertext: voice.ciphertext,
      async content(size) {
        const { content, facts } = await voice.message(size);
        if (facts.truncated) {
          const { jobId, source } = job;
          account.logger.warn("a recording was cut short or is damaged: what there was of it is sent", {
            ...{ job: jobId, source },
          });
        }
        const earlier = replaces === undefined ? undefined : account.store.jobs.get(replaces);
        // those of a room are sent in their order: one that is not there was given up
        const isEdit = earlier?.eventId !== undefined && earlier.roomId === job.roomId;
        const message = isRelay ? { ...content, [RELAYED]: true } : content;
        return isEdit ? replacing(message, earlier.eventId!) : message;
      },
    };
  };
