import type { EncryptionSettings } from "./encryption.ts";
import { CryptoError } from "./errors.ts";
import type { RoomId } from "./identifiers.ts";

/** The engine raises shorter periods to this. */
const SHORTEST_PERIOD_MS = 3_600_000;

/** What a share allows. */
interface Share {
  readonly limit: bigint;
  readonly periodMs: number;
  readonly at: number;
}

interface Life {
  latest: Share;
  /** Nothing has been encrypted since the latest share, after which the engine has room for one message at least. */
  fresh: boolean;
  /** The session in use, its next index, and the share it came from: a later one does not change its limits. */
  session?: { readonly id: string; readonly next: bigint; readonly share: Share };
}

/**
 * Encrypting with a session past its limits is a panic of the engine, which ends the process. matrix-bot-sdk shares
 * before each message, but of two messages on their way at once both may share before either is encrypted, and the
 * first may use the session up. So shares and messages of a room take turns here, and the last message is counted.
 */
export class RoomKeyLife {
  readonly #lives = new Map<string, Life>();
  readonly #turns = new Map<string, Promise<unknown>>();

  /** Whether the room's key has been shared since this machine was opened. */
  knows(roomId: RoomId): boolean {
    return this.#lives.has(roomId.toString());
  }

  share<T>(roomId: RoomId, settings: EncryptionSettings, run: () => Promise<T>): Promise<T> {
    const room = roomId.toString();
    return this.#inTurn(room, async () => {
      const result = await run();
      const { rotationPeriodMessages: limit, rotationPeriod } = settings;
      const periodMs = Math.max(Number(rotationPeriod / 1000n), SHORTEST_PERIOD_MS);
      this.#lives.set(room, {
        ...this.#lives.get(room),
        latest: { limit, periodMs, at: Date.now() },
        fresh: true,
      });
      return result;
    });
  }

  encrypt(roomId: RoomId, run: () => Promise<string>): Promise<string> {
    const room = roomId.toString();
    return this.#inTurn(room, async () => {
      const life = this.#lives.get(room);
      if (life && !life.fresh && isOver(life)) {
        throw new CryptoError(
          "ERR_ROOM_KEY_EXPIRED",
          `The key of ${room} has reached its limit of messages or time. Call shareRoomKey, then encrypt again.`,
        );
      }
      const content = await run();
      if (life) countMessage(life, content);
      return content;
    });
  }

  async #inTurn<T>(room: string, run: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(room) ?? Promise.resolve()).then(run, run);
    this.#turns.set(room, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(room) === turn) this.#turns.delete(room);
    }
  }
}

function isOver({ session }: Life): boolean {
  if (!session) return false;
  const { next, share } = session;
  return next >= share.limit || Date.now() - share.at >= share.periodMs;
}

function countMessage(life: Life, content: string): void {
  const { session_id: id, ciphertext }: { session_id: string; ciphertext: string } = JSON.parse(content);
  const share = life.session?.id === id ? life.session.share : life.latest;
  life.session = { id, next: messageIndex(ciphertext) + 1n, share };
  life.fresh = false;
}

/**
 * Version, field tag, then the index as a protobuf varint:
 * https://spec.matrix.org/latest/olm-megolm/megolm/#message-format
 */
export function messageIndex(ciphertext: string): bigint {
  const bytes = Buffer.from(ciphertext.slice(0, 16), "base64").subarray(2);
  let index = 0n;
  for (const [i, byte] of bytes.entries()) {
    index |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) break;
  }
  return index;
}
