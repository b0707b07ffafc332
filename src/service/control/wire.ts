import type { Socket } from "node:net";

/**
 * The control socket speaks JSON, one object a line.
 *
 * Command to holder: `call`, then the recording as `data` (base64) and `end`; `ok` after each `emit`.
 * Holder to command: `ack` (the call is taken: from here on it happens), `emit`…, and `result` or `error`.
 */
export type FromCommand =
  | { call: { operation: string; args: Record<string, unknown>; hasSource: boolean } }
  | { data: string }
  | { end: true }
  | { ok: true };

export type FromHolder =
  | { ack: true }
  | { emit: unknown }
  | { result: unknown }
  | { error: { code: string; message: string; cause?: string; cure: string } };

/** Bytes of a recording in one line; small enough that back-pressure is felt. */
export const DATA_BYTES = 48 * 1024;

/** Messages as they come; ends with the connection. */
export async function* readMessages<T>(socket: Socket): AsyncGenerator<T> {
  let rest = "";
  socket.setEncoding("utf8");
  for await (const chunk of socket) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line) as T;
  }
}

/** Resolves when the socket can take more. */
export function writeMessage(socket: Socket, message: FromCommand | FromHolder): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
  });
}
