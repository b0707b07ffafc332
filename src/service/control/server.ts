import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { Readable } from "node:stream";
import { toSottoError } from "../../errors.ts";
import type { Account } from "../account.ts";
import { type Emitted, perform } from "../operations.ts";
import { type FromCommand, readMessages, writeMessage } from "./wire.ts";

/** The holder's end of the control socket. */
export interface ControlServer {
  /** Takes no more calls, and resolves when those it took are done. */
  close(): Promise<void>;
}

/** Only the holder of the store may listen, so a socket that lies there is a dead one's. Mode 0600. */
export async function listen(account: Account, path: string): Promise<ControlServer> {
  rmSync(path, { force: true });
  const running = new Set<Promise<void>>();
  const sockets = new Set<Socket>();
  const closing = new AbortController();
  const server = createServer((socket) => {
    if (closing.signal.aborted) return void socket.destroy();
    sockets.add(socket);
    const done = serve(account, socket, closing.signal)
      .catch((thrown) => account.logger.debug("a command went away", { reason: String(thrown) }))
      .finally(() => {
        running.delete(done);
        sockets.delete(socket);
        socket.destroy();
      });
    running.add(done);
  });
  await bind(server, path);
  return {
    async close() {
      closing.abort();
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) if (!busy.has(socket)) socket.destroy();
      await Promise.all(running);
      await closed;
    },
  };
}

/** Sockets whose call was taken: these are finished before the holder ends. */
const busy = new WeakSet<Socket>();

async function serve(account: Account, socket: Socket, closing: AbortSignal): Promise<void> {
  const messages = readMessages<FromCommand>(socket);
  const first = await messages.next();
  if (first.done || !("call" in first.value) || closing.aborted) return;
  const { operation, args, hasSource } = first.value.call;
  busy.add(socket);
  await writeMessage(socket, { ack: true });
  const gone = new AbortController();
  const answers = new Answers();
  const source = new Readable({ read() {} });
  const reading = read(messages, source, answers).finally(() => {
    gone.abort();
    source.destroy();
  });
  try {
    const result = await perform(account, {
      operation,
      args,
      ...(hasSource ? { source: { stream: source } } : {}),
      signal: gone.signal,
      closing,
      async emit(message: Emitted) {
        await writeMessage(socket, { emit: message });
        await answers.next();
      },
    });
    await writeMessage(socket, { result });
  } catch (thrown) {
    if (!gone.signal.aborted) await writeMessage(socket, { error: toSottoError(thrown).toJSON() });
  }
  socket.end();
  await reading;
}

async function read(
  messages: AsyncGenerator<FromCommand>,
  source: Readable,
  answers: Answers,
): Promise<void> {
  try {
    for await (const message of messages) {
      if ("data" in message) source.push(Buffer.from(message.data, "base64"));
      else if ("end" in message) source.push(null);
      else if ("ok" in message) answers.arrived();
    }
  } finally {
    answers.end();
  }
}

/** The command's `ok`s, in order. */
class Answers {
  readonly #waiting: { resolve(): void; reject(reason: Error): void }[] = [];
  #ended = false;

  next(): Promise<void> {
    if (this.#ended) return Promise.reject(new Error("the command went away"));
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }
  arrived(): void {
    this.#waiting.shift()?.resolve();
  }
  end(): void {
    this.#ended = true;
    for (const { reject } of this.#waiting.splice(0)) reject(new Error("the command went away"));
  }
}

function bind(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // the socket must never be open to others, not even between bind and chmod
    const before = process.umask(0o177);
    server.listen(path, () => {
      chmodSync(path, 0o600);
      resolve();
    });
    process.umask(before);
  });
}
