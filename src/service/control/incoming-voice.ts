import { PassThrough } from "node:stream";
import type { Call, Emitted } from "../operations.ts";

/** A received message whose recording still comes, no faster than the command takes it. */
export class IncomingVoice {
  readonly #recording = new PassThrough();
  readonly #dealt: Promise<void>;

  constructor(description: Extract<Emitted, { kind: "voice" }>, emit: Call["emit"]) {
    this.#recording.on("error", () => undefined); // whoever reads it is told
    this.#dealt = emit({ ...description, recording: this.#recording });
    // who has failed takes no more: the rest is dropped, and `end` tells
    this.#dealt.catch(() => this.#recording.destroy());
  }

  /** Resolves when it can take more. */
  push(bytes: Buffer): Promise<void> {
    if (this.#recording.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#recording.write(bytes, () => resolve());
    });
  }

  /** Nothing more comes. Resolves when the command has dealt with the message; rejects with what kept it from that. */
  async end(): Promise<void> {
    this.#recording.end();
    await this.#dealt;
    this.#recording.destroy();
  }

  /** The rest will not come. Resolves when the command has given up. */
  async cut(): Promise<void> {
    this.#recording.destroy(new Error("the process that holds the store went away"));
    await this.#dealt.catch(() => undefined);
  }
}
