import { encodeVoice } from "../audio/index.ts";
import { encryptAttachment, voiceContent } from "../media/index.ts";
import type { UnplacedVoiceMessage } from "../model/event.ts";
import type { RoomId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import type { Prepare } from "../model/ports.ts";
import type { RawFormat } from "../model/raw-format.ts";
import type { VoiceFacts, VoiceStream } from "../model/recording.ts";
import type { SoundCare } from "../model/sound-care.ts";
import type { Account } from "./account.ts";
import { audioOptions, withCare } from "./audio-options.ts";
import { fitting } from "./fitting.ts";
import { relation, replacing, type SendOptions } from "./relation.ts";
import { RELAYED } from "./relayed.ts";
import { voiceParts } from "./voice-parts.ts";

/** A recording on its way into a message. */
export interface PreparedVoice {
  ciphertext: AsyncIterable<Uint8Array>;
  /**
   * Once the ciphertext has been taken.
   * @param of - how many messages the recording became; one unless told
   * @throws SottoError `AUDIO_TOO_LARGE` where the room's bridge takes no such message; taking it throws that too, as soon
   *   as it is known
   */
  message(size: number, of?: number): Promise<{ content: UnplacedVoiceMessage; facts: VoiceFacts }>;
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
  /** As many messages as it takes. */
  split?: true;
  /** It came out of another room. */
  isRelay?: true;
  /** The job whose message it takes the place of. */
  replaces?: number;
}

/** The outbox's way to messages where only the recording is there: {@link Recipe} is what was kept with it. */
export const prepareAccepted = (account: Account): Prepare =>
  async function* (job, recording) {
    const recipe = JSON.parse(job.contentJson!) as Recipe;
    const { raw, care, split, isRelay: _, replaces: __, ...options } = recipe;
    const clip = encodeVoice(
      { stream: recording },
      {
        ...withCare(audioOptions(account.config), care),
        ...(raw && { raw }),
        signal: account.stopping,
      },
    );
    const parts = split
      ? voiceParts(account, job.roomId, clip, options)
      : [prepareVoice(account, Promise.resolve(job.roomId), clip, options)];
    let isFirst = true;
    for await (const { ciphertext, message } of parts) {
      const finish = finisher(account, job, recipe, isFirst);
      isFirst = false;
      yield { ciphertext, content: async (size, of) => finish(await message(size, of)) };
    }
  };

/** What the recipe makes of a message. */
function finisher(
  { store, logger }: Account,
  { jobId, roomId, source }: Job,
  { isRelay, replaces }: Recipe,
  isFirst: boolean,
) {
  return ({ content, facts }: Awaited<ReturnType<PreparedVoice["message"]>>): object => {
    if (facts.truncated && isFirst) {
      logger.warn("a recording was cut short or is damaged: what there was of it is sent", {
        ...{ job: jobId, source },
      });
    }
    const earlier = replaces === undefined ? undefined : store.jobs.get(replaces);
    // those of a room are sent in their order: one that is not there was given up
    const isEdit = earlier?.eventId !== undefined && earlier.roomId === roomId;
    const message = isRelay ? { ...content, [RELAYED]: true } : content;
    return isEdit ? replacing(message, earlier.eventId!) : message;
  };
}
