import type { Question } from "../verify.ts";
import { type FromCommand, type FromHolder, protocolError } from "./wire.ts";

export type Answer = Extract<FromCommand, { answer: unknown }>["answer"];

/** The holder's questions to the person at a command: one is open at a time, and only its own answer counts. */
export class Questions {
  readonly #write: (message: FromHolder) => Promise<void>;
  #latest = 0;
  #open: { id: number; resolve(text: string): void } | undefined;

  constructor(write: (message: FromHolder) => Promise<void>) {
    this.#write = write;
  }

  /** Rejects with the signal's reason when it is withdrawn. */
  async ask(question: Question, withdrawn: AbortSignal): Promise<string> {
    withdrawn.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#latest += 1;
    const id = this.#latest;
    this.#open = { id, resolve };
    const withdraw = (): void => {
      reject(withdrawn.reason);
      // a command that has gone needs not to be told
      this.#write({ ask: { id } }).catch(() => undefined);
    };
    withdrawn.addEventListener("abort", withdraw);
    try {
      await this.#write({ ask: { id, question } });
      return await promise;
    } finally {
      withdrawn.removeEventListener("abort", withdraw);
      if (this.#open?.id === id) this.#open = undefined;
    }
  }

  /** An answer to a question that was taken back meanwhile is none. */
  answered({ id, text }: Answer): void {
    if (typeof text !== "string") throw protocolError("an answer is no text");
    if (this.#open?.id === id) this.#open.resolve(text);
  }
}
