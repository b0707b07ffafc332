import { randomUUID } from "node:crypto";
import { SottoError } from "../errors.ts";
import type { RoomId } from "../model/ids.ts";
import type { NewJob, SpoolStore } from "../model/outbox-store.ts";

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

/** A message's content; without an attachment in the spool, it says where that lies. */
export interface Message {
  content: object;
  spooled?: Spooled | undefined;
}

export const newJob = (roomId: RoomId, { content, spooled }: Message, createdMs: number): NewJob => ({
  txnId: spooled?.txnId ?? randomUUID(),
  roomId,
  state: spooled ? "encoded" : "uploaded",
  contentJson: JSON.stringify(content),
  createdMs,
});
