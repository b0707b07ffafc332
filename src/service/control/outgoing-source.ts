import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { SottoError } from "../../errors.ts";
import type { AudioSource } from "../../model/recording.ts";
import { writeData, writeMessage } from "./wire.ts";

/** The recording on its way to the holder. */
export class OutgoingSource {
  readonly #source: AudioSource;
  readonly #stopping = new AbortController();
  #begun = false;

  constructor(source: AudioSource) {
    this.#source = source;
  }

  /** Whether somebody else could read all of it: only a stream that was begun is lost. */
  isWhole(): boolean {
    return !("stream" in this.#source && this.#begun);
  }

  /** Bytes, where that is known: then its header can be believed. */
  async size(): Promise<number | undefined> {
    if ("path" in this.#source) return (await stat(this.#source.path).catch(() => undefined))?.size;
    return "bytes" in this.#source ? this.#source.bytes.byteLength : this.#source.size;
  }

  /** Rejects if the recording cannot be read. If the holder goes away, its end of the connection tells. */
  async sendTo(socket: Socket): Promise<void> {
    // a stream that has given nothing yet can still be read by another holder, or here
    if ("stream" in this.#source) await readable(this.#source.stream, this.#stopping.signal);
    if (this.#stopping.signal.aborted) return;
    this.#begun = true;
    const write = (message: { data: string } | { end: true }) =>
      writeMessage(socket, message).catch(() => this.stop());
    for await (const chunk of bytesOf(this.#source)) {
      await writeData(write, chunk);
      if (this.#stopping.signal.aborted) return;
    }
    await write({ end: true });
  }

  /** Nobody wants it any more. */
  stop(): void {
    this.#stopping.abort();
  }
}

async function* bytesOf(source: AudioSource): AsyncGenerator<Uint8Array> {
  if ("bytes" in source) yield source.bytes;
  else if ("stream" in source) yield* source.stream;
  else {
    try {
      yield* createReadStream(source.path);
    } catch (thrown) {
      // Node's own message holds the path
      const cause = (thrown as NodeJS.ErrnoException).code;
      throw new SottoError("AUDIO_UNREADABLE", "the recording cannot be read", { cause });
    }
  }
}

/** Resolves when the stream has something, has ended or has failed, or at the signal; takes nothing out of it. */
function readable(stream: Readable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stream.readableLength > 0 || stream.readableEnded || stream.destroyed || signal.aborted)
      return resolve();
    const events = ["readable", "end", "error", "close"];
    const done = (): void => {
      for (const event of events) stream.removeListener(event, done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    for (const event of events) stream.on(event, done);
    signal.addEventListener("abort", done);
  });
}
