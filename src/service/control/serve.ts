import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { toSottoError } from "../../errors.ts";
import { Serial } from "../../serial.ts";
import type { Account } from "../account.ts";
import { type Call, type Emitted, perform } from "../operations.ts";
import { type Answer, Questions } from "./questions.ts";
import {
  type FromCommand,
  type FromHolder,
  protocolError,
  readData,
  readMessages,
  writeData,
  writeMessage,
} from "./wire.ts";

/** Why a call that was taken is given back. */
export class HolderLeaves extends Error {}

/** How long a holder that wants to end waits for a command that neither reads nor answers. */
const PATIENCE_MS = 5_000;

interface ServeOptions {
  /** Aborted with `HolderLeaves` when the holder wants to end. */
  closing: AbortSignal;
  onCall(): void;
}

/** Performs the one call that a connection brings. Rejects when the command has gone. */
export async function serve(
  account: Account,
  socket: Socket,
  { closing, onCall }: ServeOptions,
): Promise<void> {
  const messages = readMessages<FromCommand>(socket);
  const patient = <T>(waiting: Promise<T>) => attended(socket, closing, waiting);
  const write = (message: FromHolder) => patient(writeMessage(socket, message));
  let read = Promise.resolve();
  try {
    const first = await messages.next();
    if (first.done || closing.aborted) return;
    if (!("call" in first.value)) throw protocolError("a call comes first");
    onCall();
    const { operation, args, hasSource, sourceBytes: size } = first.value.call;
    await write({ ack: true });
    const questions = new Questions(write);
    const incoming = new Incoming(messages, hasSource, (answer) => questions.answered(answer));
    read = incoming.read;
    const emits = new Serial();
    const call: Call = {
      operation,
      args,
      ...(hasSource ? { source: { stream: incoming.source, ...(size !== undefined && { size }) } } : {}),
      signal: incoming.ended,
      closing,
      async accepting() {
        await write({ accepting: true });
        await patient(incoming.ok());
      },
      ask: (question, withdrawn) => questions.ask(question, AbortSignal.any([withdrawn, incoming.ended])),
      // it is sent now, whatever has become of the command
      accepted: () => void write({ accepted: true }).catch(() => undefined),
      isHeard: () => !incoming.ended.aborted,
      // one at a time: the data behind a message are its own
      emit: (message) =>
        emits.run("emit", async () => {
          await writeEmitted(write, message);
          await patient(incoming.ok());
        }),
    };
    const result = await perform(account, call).finally(() => incoming.source.destroy());
    if (incoming.trouble) throw incoming.trouble;
    await write({ result });
  } catch (thrown) {
    await write(
      thrown instanceof HolderLeaves ? { leaving: true } : { error: toSottoError(thrown).toJSON() },
    );
  }
  // whatever the command still sends, until it closes its end: if we closed ours first, it might not get the answer
  await patient(read);
}

/** What the command says after its call. */
class Incoming {
  readonly source: Readable;
  /** Resolves when the connection has ended. */
  readonly read: Promise<void>;
  /** Why the connection has ended, if that was not the command's wish. */
  trouble: unknown;
  readonly #ended = new AbortController();
  readonly #awaited: PromiseWithResolvers<void>[] = [];
  readonly #onAnswer: (answer: Answer) => void;
  #mayPush = Promise.withResolvers<void>();

  constructor(messages: AsyncGenerator<FromCommand>, hasSource: boolean, onAnswer: (answer: Answer) => void) {
    this.#onAnswer = onAnswer;
    this.source = new Readable({
      read: () => this.#mayPush.resolve(),
      destroy: (error, done) => {
        this.#mayPush.resolve();
        done(error);
      },
    });
    this.source.on("error", () => undefined); // whoever reads it is told
    if (!hasSource) this.source.destroy();
    // the handler is here from the start: the connection may break at any time while the operation runs
    this.read = this.#readAll(messages)
      .catch((thrown) => {
        this.trouble = thrown;
      })
      .finally(() => this.#end());
  }

  /** Aborted when the connection ends. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Resolves with the command's next `ok`. */
  ok(): Promise<void> {
    if (this.ended.aborted) return Promise.reject(this.ended.reason);
    const awaited = Promise.withResolvers<void>();
    this.#awaited.push(awaited);
    return awaited.promise;
  }

  async #readAll(messages: AsyncGenerator<FromCommand>): Promise<void> {
    for await (const message of messages) {
      if ("ok" in message) this.#awaited.shift()?.resolve();
      else if ("data" in message) await this.#push(readData(message));
      else if ("end" in message) await this.#push(null);
      else if ("answer" in message) this.#onAnswer(message.answer);
      else throw protocolError("one call a connection");
    }
  }

  /** Resolves when the source can take more; what nobody wants any longer is dropped. */
  async #push(bytes: Buffer | null): Promise<void> {
    if (this.source.destroyed) return;
    this.#mayPush = Promise.withResolvers();
    if (!this.source.push(bytes) && bytes) await this.#mayPush.promise;
  }

  #end(): void {
    const reason = this.trouble ?? new Error("the command went away");
    this.#ended.abort(reason);
    this.source.destroy(new Error("the command went away"));
    for (const { reject } of this.#awaited.splice(0)) reject(reason);
  }
}

/** A recording goes behind its message, piece by piece. */
async function writeEmitted(write: (message: FromHolder) => Promise<void>, message: Emitted): Promise<void> {
  if (message.kind !== "voice") return write({ emit: message });
  const { recording, ...description } = message;
  await write({ emit: description });
  for await (const chunk of recording as AsyncIterable<Buffer>) await writeData(write, chunk);
  await write({ end: true });
}

/** Waits for the command; not for long once the holder wants to end. */
async function attended<T>(socket: Socket, closing: AbortSignal, waiting: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
  };
  if (closing.aborted) start();
  else closing.addEventListener("abort", start);
  try {
    return await waiting;
  } finally {
    clearTimeout(timer);
    closing.removeEventListener("abort", start);
  }
}
