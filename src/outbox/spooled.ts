import { randomUUID } from "node:crypto";
import { SottoError } from "../errors.ts";
import type { Spool } from "../store/index.ts";

/** An attachment in the spool. Whoever asked for it disposes of it, and it is gone, unless its message was accepted. */
export class Spooled implements Disposable {
  readonly txnId = randomUUID();
  /** Bytes; the clear file is as long. */
  size = 0;
  readonly #spool: Spool;
  #isKept = false;

  private constructor(spool: Spool) {
    this.#spool = spool;
  }

  static async of(
    ciphertext: AsyncIterable<Uint8Array>,
    spool: Spool,
    limit: Promise<number | undefined>,
  ): Promise<Spooled> {
    const spooled = new Spooled(spool);
    limit.catch(() => undefined); // told at the first piece
    try {
      for await (const piece of ciphertext) spooled.#append(piece, await limit);
      return spooled;
    } catch (thrown) {
      spooled[Symbol.dispose]();
      throw thrown;
    }
  }

  #append(piece: Uint8Array, maxBytes = Number.POSITIVE_INFINITY): void {
    this.size += piece.byteLength;
    if (this.size > maxBytes) {
      throw new SottoError(
        "AUDIO_TOO_LARGE",
        `the clip has at least ${this.size} bytes, and the homeserver takes ${maxBytes}`,
      );
    }
    this.#spool.append(this.txnId, piece);
  }

  keep(): void {
    this.#isKept = true;
  }

  [Symbol.dispose](): void {
    if (!this.#isKept) this.#spool.drop(this.txnId);
  }
}
