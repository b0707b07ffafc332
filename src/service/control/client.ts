import type { Socket } from "node:net";
import { connect } from "node:net";
import { type ErrorCode, SottoError } from "../../errors.ts";
import type { Call, Emitted } from "../operations.ts";
import type { Question } from "../verify.ts";
import { IncomingVoice } from "./incoming-voice.ts";
import { OutgoingSource } from "./outgoing-source.ts";
import { requireOwnSocket } from "./path.ts";
import { type FromHolder, readData, readMessages, writeMessage } from "./wire.ts";

/** The call was not performed and can be made again: nobody listens, or the holder ended before it took it on. */
export class NotTaken extends Error {}

/** It was there, and has ended: the next holder may be waited for anew. */
export class HolderLeft extends NotTaken {}

/** A connection to the holder of the store. Throws `NotTaken` if nobody listens, and refuses another user's socket. */
export function connectTo(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    requireOwnSocket(path);
    const socket = connect(path);
    socket.once("connect", () => resolve(socket));
    socket.on("error", (cause) => reject(new NotTaken("nobody listens on the control socket", { cause })));
  });
}

/** How far the holder has come with a call. `accepting`: the message may be in the outbox; `accepted`: it is. */
type Progress = "asked" | "taken" | "accepting" | "accepted";

/**
 * Lets the holder perform a call. Throws what the operation threw, what failed on this side (the recording, or dealing
 * with a message), the signal's reason, `NotTaken`, `STORE_HELD` if the holder does not answer, and `SEND_UNCERTAIN`
 * only if it ended when the message may have been its own.
 */
export async function callHolder(socket: Socket, call: Call, ackMs: number): Promise<unknown> {
  const silence = setTimeout(() => socket.destroy(new Silence()), ackMs);
  let progress: Progress = "asked";
  // a message that was accepted is sent, whatever the command wants now
  const stop = () => {
    if (progress === "asked" || progress === "taken") socket.destroy();
  };
  call.signal.addEventListener("abort", stop);
  const source = call.source && new OutgoingSource(call.source);
  let voice: IncomingVoice | undefined;
  let question = new AbortController();
  try {
    call.signal.throwIfAborted();
    const messages = readMessages<FromHolder>(socket);
    const { operation, args } = call;
    const sourceBytes = await source?.size();
    await writeMessage(socket, {
      call: { operation, args, hasSource: source !== undefined, ...(sourceBytes && { sourceBytes }) },
    });
    for await (const message of messages) {
      if ("ack" in message) {
        progress = "taken";
        clearTimeout(silence);
        source?.sendTo(socket).catch((reason) => socket.destroy(new FailedHere(reason)));
      } else if ("accepting" in message) {
        call.signal.throwIfAborted();
        progress = "accepting";
        await writeMessage(socket, { ok: true });
      } else if ("accepted" in message) {
        progress = "accepted";
      } else if ("emit" in message) {
        const emitted = message.emit as Emitted;
        if (emitted.kind === "voice") {
          voice = new IncomingVoice(emitted, call.emit);
          continue; // its recording follows
        }
        await call.emit(emitted).catch(failHere);
        await writeMessage(socket, { ok: true });
      } else if ("data" in message) {
        await voice?.push(readData(message));
      } else if ("end" in message) {
        await voice?.end().catch(failHere);
        voice = undefined;
        await writeMessage(socket, { ok: true });
      } else if ("ask" in message) {
        question.abort();
        question = new AbortController();
        put(message.ask, call, question.signal, socket);
      } else if ("leaving" in message) {
        break;
      } else if ("result" in message) {
        return message.result;
      } else {
        throw new SottoError(message.error.code as ErrorCode, message.error.message, message.error);
      }
    }
    throw lost(progress, call, source, undefined);
  } catch (thrown) {
    if (thrown instanceof NotTaken || thrown instanceof SottoError) throw thrown;
    if (thrown instanceof FailedHere) throw thrown.reason;
    if (thrown instanceof Silence) throw held("the process that holds the store does not answer");
    throw lost(progress, call, source, thrown);
  } finally {
    clearTimeout(silence);
    call.signal.removeEventListener("abort", stop);
    source?.stop();
    question.abort();
    socket.destroy();
    await voice?.cut();
  }
}

/** Puts a question to the person here; what else the holder says is heard meanwhile. */
function put(
  { id, question }: Extract<FromHolder, { ask: unknown }>["ask"],
  call: Call,
  withdrawn: AbortSignal,
  socket: Socket,
): void {
  if (question === undefined) return;
  const asking = call.ask?.(question as Question, AbortSignal.any([withdrawn, call.signal]));
  (asking ?? Promise.reject(new SottoError("USAGE", "nobody is here to answer"))).then(
    (text) => writeMessage(socket, { answer: { id, text } }).catch(() => undefined),
    (reason) => withdrawn.aborted || socket.destroy(new FailedHere(reason)),
  );
}

export const held = (message: string): SottoError => new SottoError("STORE_HELD", message);

class Silence extends Error {}

/** Something of this process failed: the recording cannot be read, a file cannot be written. */
class FailedHere extends Error {
  readonly reason: unknown;
  constructor(reason: unknown) {
    super("failed on this side");
    this.reason = reason;
  }
}

const failHere = (reason: unknown): never => {
  throw new FailedHere(reason);
};

/** Operations with a recording that another holder can be asked for. */
const GIVEN_AGAIN = new Set(["send", "ingest"]);

/** The connection ended before an answer. What that means hangs on how far the holder had come. */
function lost(progress: Progress, call: Call, source: OutgoingSource | undefined, cause: unknown): unknown {
  const message = "the process that holds the store ended before it answered";
  if (progress === "accepted") return new SottoError("SEND_UNCERTAIN", message, { cause });
  if (progress === "accepting") {
    return new SottoError("SEND_UNCERTAIN", message, {
      cause,
      cure: "look into the room after the next `sotto send` or `sotto run`; send it again only if it is not there",
    });
  }
  if (call.signal.aborted) return call.signal.reason;
  if (progress === "asked") return new NotTaken(message, { cause });
  if (GIVEN_AGAIN.has(call.operation) && source?.isWhole()) return new HolderLeft(message, { cause });
  return new SottoError("STORE_HELD", `${message}; nothing was accepted`, { cause, cure: "try again" });
}
