import { type MessageLimits, OpusReader } from "../audio/index.ts";
import { SottoError } from "../errors.ts";
import type { RoomId } from "../model/ids.ts";
import type { VoiceStream } from "../model/recording.ts";
import type { Account } from "./account.ts";
import { type Extent, isAlwaysTaken, requireWithin, roomLimits } from "./room-limits.ts";

/** RFC 6716 section 3.2. */
const LONGEST_PACKET_MS = 120;

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
    const soFar = { size: 0, durationMs: 0 };
    for await (const chunk of recording.chunks as AsyncIterable<Uint8Array>) {
      soFar.size += chunk.byteLength;
      reader.push(chunk);
      // of its last packet, the end may be padding
      soFar.durationMs = Math.max(0, reader.samples / 48 - LONGEST_PACKET_MS);
      if (known) requireWithin(known, soFar, false);
      // a recording that makes a pause then is stopped in it
      else if (!asked && !isAlwaysTaken(soFar))
        ask()
          .then((limits) => requireWithin(limits, soFar, false))
          .catch((reason) => recording.chunks.destroy(reason));
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
