import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { SottoError } from "../../errors.ts";

/**
 * The control socket speaks JSON, one object a line.
 *
 * Command to holder: `call`, then the recording as `data` (base64) and `end`; `ok` after each `emit` and `accepting`.
 * Holder to command: `ack` (the call is taken), `accepting` (without an `ok` the message is not taken on), `accepted`
 * (it is durable: it will be sent), `emit`… before the `data` and `end` of its recording, and `result` or `error`; or `leaving`:
 * the holder ends and has done nothing. `ask` puts a question to the person at the command, whose `answer` bears the
 * same ID; a further `ask` takes its place, and one without a question takes it back.
 */
export type FromCommand =
  | { call: { operation: string; args: Record<string, unknown>; hasSource: boolean; sourceBytes?: number } }
  | { data: string }
  | { end: true }
  | { ok: true }
  | { answer: { id: number; text: string } };

export type FromHolder =
  | { ack: true }
  | { accepting: true }
  | { accepted: true }
  | { emit: unknown }
  | { data: string }
  | { end: true }
  | { ask: { id: number; question?: unknown } }
  | { leaving: true }
  | { result: unknown }
  | { error: { code: string; message: string; cause?: string; cure: string } };

/** Bytes of a recording in one line; small enough that back-pressure is felt. */
const DATA_BYTES = 48 * 1024;

/** Longer lines are nonsense: a result that names a hundred thousand devices fits. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

const NEWLINE = 0x0a;

/** What came is not what the two ends have agreed on. */
export const protocolError = (message: string): SottoError =>
  new SottoError("USAGE", `on the control socket: ${message}`, {
    cure: "let the commands and the process that holds the store be of the same version of Sotto",
  });

/** Messages as they come; ends with the connection, which stays open when the reader stops. */
export async function* readMessages<T extends object>(socket: Readable): AsyncGenerator<T> {
  let line: Buffer[] = [];
  let lineBytes = 0;
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
      line.push(chunk.subarray(from, to));
      yield parse<T>(Buffer.concat(line));
      line = [];
      lineBytes = 0;
      from = to + 1;
    }
    line.push(chunk.subarray(from));
    lineBytes += chunk.length - from;
    if (lineBytes > MAX_LINE_BYTES) throw protocolError("a line is too long");
  }
}

function parse<T extends object>(line: Buffer): T {
  try {
    const message: unknown = JSON.parse(line.toString());
    if (typeof message === "object" && message !== null) return message as T;
  } catch {
    // said below
  }
  throw protocolError("a line is no message");
}

/** Resolves when the socket can take more. */
export function writeMessage(socket: Socket, message: FromCommand | FromHolder): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
  });
}

/** Writes bytes as `data`, piece by piece. */
export async function writeData(write: (message: { data: string }) => Promise<void>, bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += DATA_BYTES) {
    const length = Math.min(DATA_BYTES, bytes.length - at);
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset + at, length);
    await write({ data: piece.toString("base64") });
  }
}

/** The bytes of a `data`. */
export function readData({ data }: { data: string }): Buffer {
  if (typeof data !== "string") throw protocolError("data is no text");
  return Buffer.from(data, "base64");
}
