import { createReadStream } from "node:fs";
import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import { type ErrorCode, SottoError } from "../../errors.ts";
import type { AudioSource } from "../../model/recording.ts";
import type { Call } from "../operations.ts";
import { DATA_BYTES, type FromHolder, readMessages, writeMessage } from "./wire.ts";

/** Nobody took the call: the holder is not there, or on its way out. */
export class NotTaken extends Error {}

/** A connection to the holder of the store. Throws `NotTaken` if nobody listens. */
export function connectTo(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(socket));
    socket.once("error", (cause) => reject(new NotTaken("nobody listens on the control socket", { cause })));
  });
}

/** Lets the holder perform a call. Throws what the operation threw, `NotTaken`, or `STORE_HELD` if it does not answer. */
export async function callHolder(socket: Socket, call: Call, ackMs: number): Promise<unknown> {
  const silence = setTimeout(() => socket.destroy(new Silence()), ackMs);
  const stop = () => socket.destroy();
  call.signal.addEventListener("abort", stop);
  let taken = false;
  try {
    const messages = readMessages<FromHolder>(socket);
    await writeMessage(socket, {
      call: { operation: call.operation, args: call.args, hasSource: call.source !== undefined },
    });
    for await (const message of messages) {
      if ("ack" in message) {
        taken = true;
        clearTimeout(silence);
        if (call.source) sendSource(socket, call.source).catch((error) => socket.destroy(error));
      } else if ("emit" in message) {
        await call.emit(message.emit as Parameters<Call["emit"]>[0]);
        await writeMessage(socket, { ok: true });
      } else if ("result" in message) {
        return message.result;
      } else {
        throw new SottoError(message.error.code as ErrorCode, message.error.message, message.error);
      }
    }
  } catch (thrown) {
    if (thrown instanceof SottoError) throw thrown;
    if (thrown instanceof Silence) throw held("the process that holds the store does not answer");
    if (!taken) throw new NotTaken("the holder ended", { cause: thrown });
    if (!call.signal.aborted) throw lost(call.operation, thrown);
  } finally {
    clearTimeout(silence);
    call.signal.removeEventListener("abort", stop);
    socket.destroy();
  }
  if (!taken) throw new NotTaken("the holder ended");
  if (call.signal.aborted) return undefined;
  throw lost(call.operation, undefined);
}

export const held = (message: string): SottoError => new SottoError("STORE_HELD", message);

class Silence extends Error {}

function lost(operation: string, cause: unknown): SottoError {
  const message = "the process that holds the store ended before it answered";
  return operation === "send"
    ? new SottoError("SEND_UNCERTAIN", message, { cause })
    : new SottoError("STORE_HELD", message, { cause, cure: "try again" });
}

async function sendSource(socket: Socket, source: AudioSource): Promise<void> {
  for await (const chunk of bytesOf(source)) {
    for (let at = 0; at < chunk.length; at += DATA_BYTES) {
      const data = Buffer.from(chunk.buffer, chunk.byteOffset + at, Math.min(DATA_BYTES, chunk.length - at));
      await writeMessage(socket, { data: data.toString("base64") });
    }
  }
  await writeMessage(socket, { end: true });
}

function bytesOf(source: AudioSource): AsyncIterable<Uint8Array> {
  if ("path" in source) return createReadStream(source.path);
  if ("stream" in source) return source.stream;
  return Readable.from([source.bytes]);
}
