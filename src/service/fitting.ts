import { type MessageLimits, OpusReader } from "../audio/index.ts";
import { SottoError } from "../errors.ts";
import type { RoomId } from "../model/ids.ts";
import type { VoiceStream } from "../model/recording.ts";
import type { Account } from "./account.ts";
import { type Extent, isAlwaysTaken, requireWithin, roomLimits } from "./room-limits.ts";

/** A recording that ends early when it cannot be sent as one message. */
export interface FittingVoice {
  chunks: AsyncIterable<Uint8Array>;
  /** Of the whole. Throws `AUDIO_TOO_LARGE`, with the numbers. */
  requireFit(clip: Extent): Promise<void>;
}

/**
 * Refuses a recording that is too long for the room as soon as that is known: by its header, before it is encoded; else
 * while it is. The homeserver's limit is watched where the ciphertext is spooled; what is ready says its size before.
 */
export function fitting(account: Account, room: Promise<RoomId>, recording: VoiceStream): FittingVoice {
  let asked: Promise<MessageLimits> | undefined;
  let known: MessageLimits | undefined;
  const ask = (): Promise<MessageLimits> => {
    asked ??= room.then(async (roomId) => {
      known = await roomLimits(account, roomId);
      return known;
    });
    asked.catch(() => undefined); // whoever waits for the room is told
    return asked;
  };
  const requireFit = async (extent: Partial<Extent>): Promise<void> => {
    if (!isAlwaysTaken(extent)) requireWithin(await ask(), extent);
  };
  recording.foretold
    .then(async (foretold) => {
      await requireHomeserverTakes(account, foretold.size);
      await requireFit(foretold);
    })
    .catch((reason) => recording.chunks.destroy(reason));

  async function* watched(): AsyncGenerator<Uint8Array, void> {
    const reader = new OpusReader();
    let size = 0;
    for await (const chunk of recording.chunks as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      reader.push(chunk);
      const extent = { size, durationMs: reader.samples / 48 };
      if (known) requireWithin(known, extent, false);
      else if (!isAlwaysTaken(extent)) void ask();
      yield chunk;
    }
  }
  return { chunks: watched(), requireFit };
}

/** What is not known stops nothing here: the upload does not begin without it. */
async function requireHomeserverTakes({ contentRepository }: Account, size = 0): Promise<void> {
  const maxBytes = size > 0 ? await contentRepository.maxUploadBytes().catch(() => undefined) : undefined;
  if (maxBytes === undefined || size <= maxBytes) return;
  throw new SottoError("AUDIO_TOO_LARGE", `the clip has ${size} bytes, and the homeserver takes ${maxBytes}`);
}
