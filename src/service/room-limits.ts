import type { MessageLimits } from "../audio/index.ts";
import { SottoError } from "../errors.ts";
import type { RoomId } from "../model/ids.ts";
import type { Account } from "./account.ts";

const FEATURES = "com.beeper.room_features";
/** A voice message's own limits come before those of any sound. */
const KINDS = ["org.matrix.msc3245.voice", "m.audio"];

/**
 * What the bridges of a room say of voice messages. Each puts its features under a state key of its own.
 * https://github.com/mautrix/go/blob/main/event/capabilities.d.ts
 *
 * That they cannot be read stops no message: a bridge that takes none says so itself.
 */
export async function roomLimits({ rooms, logger }: Account, roomId: RoomId): Promise<MessageLimits> {
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

function limitsIn(features: Record<string, unknown>): MessageLimits {
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

/** A clip, or as much of it as there is. */
export interface Extent {
  /** Bytes. */
  size: number;
  durationMs: number;
}

/** No bridge takes less: nothing is asked for such a message. */
export const isAlwaysTaken = ({ size, durationMs }: Partial<Extent>): boolean =>
  (durationMs ?? 0) <= 60_000 && (size ?? 0) <= 256 * 1024;

const CURE = "send it with --split, or a shorter one: the network behind the room takes no more";

/**
 * Throws `AUDIO_TOO_LARGE`, with the numbers.
 *
 * @param isWhole false while there may be more
 */
export function requireWithin(
  { maxBytes = Number.POSITIVE_INFINITY, maxDurationMs = Number.POSITIVE_INFINITY }: MessageLimits,
  { size = 0, durationMs = 0 }: Partial<Extent>,
  isWhole = true,
): void {
  const amount = isWhole ? "" : "at least ";
  if (durationMs > maxDurationMs) {
    const [is, takes] = [durationMs, maxDurationMs].map((ms) => (ms / 1000).toFixed(1));
    throw new SottoError(
      "AUDIO_TOO_LARGE",
      `the recording is ${amount}${is} s long, and the room's bridge takes ${takes} s`,
      { cure: CURE },
    );
  }
  if (size > maxBytes) {
    throw new SottoError(
      "AUDIO_TOO_LARGE",
      `the clip has ${amount}${size} bytes, and the room's bridge takes ${maxBytes}`,
      { cure: CURE },
    );
  }
}
