import { SottoError } from "../errors.ts";
import type { SpoolStore } from "../model/outbox-store.ts";

/** An attachment in the spool. Whoever asked for it disposes of it, and it is gone, unless its message was accepted. */
export class Spooled implements AsyncDisposable {
  /** Of the message that it is for. */
  readonly txnId: string;
  /** Bytes; the clear file is as long. */
  size = 0;
  readonly #spool: SpoolStore;
  #isKept = false;

  private constructor(spool: SpoolStore, txnId: string) {
    this.#spool = spool;
    this.txnId = txnId;
  }

  static async of(
    ciphertext: AsyncIterable<Uint8Array>,
    { spool, txnId, limit }: { spool: SpoolStore; txnId: string; limit: Promise<number | undefined> },
  ): Promise<Spooled> {
    const spooled = new Spooled(spool, txnId);
    limit.catch(() => undefined); // told at the first piece
    try {
      for await (const piece of ciphertext) await spooled.#append(piece, await limit);
      return spooled;
    } catch (thrown) {
      await spooled[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  async #append(piece: Uint8Array, maxBytes = Number.POSITIVE_INFINITY): Promise<void> {
    this.size += piece.byteLength;
    if (this.size > maxBytes) {
      throw new SottoError(
        "AUDIO_TOO_LARGE",
        `the clip has at least ${this.size} bytes, and the homeserver takes ${maxBytes}`,
      );
    }
    await this.#spool.append(this.txnId, piece);
  }

  keep(): void {
    this.#isKept = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isKept) await this.#spool.drop(this.txnId);
  }
}
