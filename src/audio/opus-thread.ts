import { Worker } from "node:worker_threads";
import type { Answer, SoundRequest, WaveformRequest } from "./opus-worker.ts";

/** Beside this file; packing makes one file of it and all that it needs. */
const ENTRY = new URL(
  import.meta.url.endsWith(".ts") ? "./opus-worker.ts" : "./opus-worker.cjs",
  import.meta.url,
);

/** How long the thread is kept for the next recording: starting it costs more than ten seconds of decoding. */
const KEPT_MS = 10 * 60_000;

export type ThreadAnswer = (answer: Omit<Answer, "id">) => void;

/**
 * A thread that decodes Opus in WASM: neither a crash of the decoder nor a loop in it reaches this one. It sees nothing
 * of the environment, and keeps the process alive only as long as somebody waits.
 */
export class OpusThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, ThreadAnswer>();
  #requests = 0;
  #idle: NodeJS.Timeout | undefined;
  readonly #onEnd: () => void;

  /** @param onEnd called when it takes no more requests */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
    this.#worker = new Worker(ENTRY, {
      // ours may not suit it: Node refuses --input-type beside a file
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 },
    });
    this.#worker.on("message", (answer: Answer) => this.#answer(answer));
    this.#worker.on("error", () => this.end());
    this.#worker.on("exit", () => this.end());
    this.#worker.unref();
  }

  /**
   * Asks for a waveform, or for the sound of the next packets.
   *
   * @param onAnswer called once; with nothing when the decoder refused the stream, and when the thread ended
   * @returns gives the request up; ends the thread if nobody else waits for it
   */
  ask(request: Omit<WaveformRequest, "id"> | Omit<SoundRequest, "id">, onAnswer: ThreadAnswer): () => void {
    const id = this.#requests++;
    clearTimeout(this.#idle);
    this.#worker.ref();
    this.#waiting.set(id, onAnswer);
    this.#worker.postMessage({ ...request, id } satisfies WaveformRequest | SoundRequest, [
      request.bytes.buffer as ArrayBuffer,
      request.sizes.buffer as ArrayBuffer,
    ]);
    return () => {
      if (this.#waiting.delete(id) && this.#waiting.size === 0) this.end();
    };
  }

  /** Whoever still waits is answered with nothing. */
  end(): void {
    this.#onEnd();
    for (const id of this.#waiting.keys()) this.#answer({ id });
    clearTimeout(this.#idle);
    void this.#worker.terminate();
  }

  #answer({ id, ...answer }: Answer): void {
    const onAnswer = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) {
      this.#worker.unref();
      this.#idle = setTimeout(() => this.end(), KEPT_MS).unref();
    }
    onAnswer?.(answer);
  }
}
