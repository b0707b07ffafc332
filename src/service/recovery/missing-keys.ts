import type { Crypto } from "../../crypto/index.ts";
import { toSottoError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { RoomId } from "../../model/ids.ts";
import { Serial } from "../../serial.ts";

const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 3_600_000;

/** As many as the inbox holds events. */
const MOST = 5_000;

interface MissingKeysOptions {
  crypto: Pick<Crypto, "backup" | "onRoomKeys">;
  logger: Logger;
  firstPauseMs?: number;
}

/**
 * Sessions of events that could not be decrypted. Each is looked for in the key backup: at once, and again at growing
 * intervals, because another device may upload it later. Kept in memory only: a new process begins anew.
 */
export class MissingKeys {
  readonly #options: MissingKeysOptions;
  readonly #firstPauseMs: number;
  /** The next try by session ID; undefined while one is under way. */
  readonly #waiting = new Map<string, NodeJS.Timeout | undefined>();
  readonly #serial = new Serial();
  #isStopped = false;

  constructor(options: MissingKeysOptions) {
    this.#options = options;
    this.#firstPauseMs = options.firstPauseMs ?? FIRST_PAUSE_MS;
    options.crypto.onRoomKeys((sessionIds) => {
      for (const sessionId of sessionIds) this.#forget(sessionId);
    });
  }

  /** Told as often as one likes; returns at once. What is found arrives as any room key does. */
  want(roomId: RoomId, sessionId: string): void {
    if (this.#isStopped || this.#waiting.has(sessionId)) return;
    const [oldest] = this.#waiting.keys();
    if (oldest !== undefined && this.#waiting.size >= MOST) this.#forget(oldest);
    this.#waiting.set(sessionId, undefined);
    this.#look(roomId, sessionId, this.#firstPauseMs);
  }

  stop(): void {
    this.#isStopped = true;
    for (const sessionId of [...this.#waiting.keys()]) this.#forget(sessionId);
  }

  #look(roomId: RoomId, sessionId: string, pauseMs: number): void {
    this.#serial.run("backup", async () => {
      if (!this.#waiting.has(sessionId)) return;
      const found = await this.#options.crypto.backup.downloadSession(roomId, sessionId).catch((thrown) => {
        const { code, message: reason } = toSottoError(thrown);
        this.#options.logger.info("a room key could not be looked for in the backup", {
          roomId,
          code,
          reason,
        });
        return false;
      });
      if (found) this.#forget(sessionId);
      if (!this.#waiting.has(sessionId)) return;
      const next = () => this.#look(roomId, sessionId, Math.min(pauseMs * 2, LONGEST_PAUSE_MS));
      this.#waiting.set(sessionId, setTimeout(next, pauseMs).unref());
    });
  }

  #forget(sessionId: string): void {
    clearTimeout(this.#waiting.get(sessionId));
    this.#waiting.delete(sessionId);
  }
}
