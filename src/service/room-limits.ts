import { SottoError } from "../errors.ts";
import type { RoomId } from "../model/ids.ts";
import type { Account } from "./account.ts";

/** What a bridge lets through into the network behind a room; nothing where it sets no limit. */
interface RoomLimits {
  maxBytes?: number;
  maxDurationMs?: number;
}

const FEATURES = "com.beeper.room_features";
/** A voice message's own limits come before those of any sound. */
const KINDS = ["org.matrix.msc3245.voice", "m.audio"];

/**
 * What the bridges of a room say of voice messages. Each puts its features under a state key of its own.
 * https://github.com/mautrix/go/blob/main/event/capabilities.d.ts
 *
 * That they cannot be read stops no message: a bridge that takes none says so itself.
 */
async function roomLimits({ rooms, logger }: Account, roomId: RoomId): Promise<RoomLimits> {
  try {
    const said = (await rooms.statesOf(roomId, FEATURES)).map(limitsIn);
    const least = (values: (number | undefined)[]): number =>
      Math.min(...values.filter((value) => value !== undefined));
    return {
      maxBytes: least(said.map(({ maxBytes }) => maxBytes)),
      maxDurationMs: least(said.map(({ maxDurationMs }) => maxDurationMs)),
    };
  } catch (thrown) {
    const { code } = thrown as Partial<SottoError>;
    logger.debug("the room's features could not be read", { roomId, code });
    return {};
  }
}

function limitsIn(features: Record<string, unknown>): RoomLimits {
  const files = asObject(features.file);
  const voice = KINDS.map((kind) => files[kind]).find((kind) => kind !== undefined);
  const { max_size: bytes, max_duration: seconds } = asObject(voice);
  return {
    ...(isLimit(bytes) && { maxBytes: bytes }),
    ...(isLimit(seconds) && { maxDurationMs: seconds * 1000 }),
  };
}

const asObject = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

/** Zero stands for none, as an omitted one does. */
const isLimit = (value: unknown): value is number => typeof value === "number" && value > 0;

/** No bridge takes less: nothing is asked for such a message. */
const ALWAYS_TAKEN = { durationMs: 60_000, bytes: 256 * 1024 };

/** Throws `AUDIO_TOO_LARGE`, with the numbers. */
export async function requireRoomTakes(
  account: Account,
  roomId: RoomId,
  { size, durationMs }: { size: number; durationMs: number },
): Promise<void> {
  if (durationMs <= ALWAYS_TAKEN.durationMs && size <= ALWAYS_TAKEN.bytes) return;
  const { maxBytes = Number.POSITIVE_INFINITY, maxDurationMs = Number.POSITIVE_INFINITY } = await roomLimits(
    account,
    roomId,
  );
  const cure = "send a shorter recording: the network behind the room takes no more";
  if (durationMs > maxDurationMs) {
    const [is, takes] = [durationMs, maxDurationMs].map((ms) => (ms / 1000).toFixed(1));
    throw new SottoError(
      "AUDIO_TOO_LARGE",
      `the recording is ${is} s long, and the room's bridge takes ${takes} s`,
      {
        cure,
      },
    );
  }
  if (size > maxBytes) {
    throw new SottoError(
      "AUDIO_TOO_LARGE",
      `the clip has ${size} bytes, and the room's bridge takes ${maxBytes}`,
      {
        cure,
      },
    );
  }
}
