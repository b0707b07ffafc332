import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { finished } from "node:stream/promises";
import { drained } from "./body.ts";
import { type Refusal, refused } from "./refusal.ts";

/** A request, and where its answer goes. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  /** The client waits for `100 Continue` before it sends its body (RFC 9110, 10.1.1). */
  expectsContinue: boolean;
}

/** What is said to a request. */
export interface Answer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  /** A JSON document. */
  body: unknown;
}

/** Resolves when the answer has left, or the client has. A body that was not read is let run out, and the connection ends. */
export async function answer(exchange: Exchange, { status, headers, body }: Answer): Promise<void> {
  const { request, response } = exchange;
  if (response.destroyed || response.headersSent) return;
  const bytes = jsonBytes(body);
  const isUnread = hasBody(request) && !request.complete;
  response.writeHead(status, {
    ...HEADERS,
    "content-length": bytes.length,
    ...(isUnread ? { connection: "close" } : {}),
    ...headers,
  });
  if (isUnread) {
    response.write(bytes);
    await drained(request);
    response.end();
  } else {
    response.end(bytes);
  }
  await finished(response).catch(() => undefined);
}

export const refusalAnswer = (refusal: Refusal): Answer => ({
  status: refusal.status,
  headers: refusal.headers,
  body: refusal,
});

/** Whether a request has a body at all (RFC 9112, 6.3). */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;

/** How long a client that broke the protocol gets to read why. */
const LAST_WORDS_MS = 1_000;

/**
 * What Node's parser refuses never becomes a request, or none that ends: it is answered on the bare connection.
 *
 * @param last the latest exchange on this connection; what came in whole before the rest broke keeps its answer
 */
export function answerBroken(error: NodeJS.ErrnoException, socket: Socket, last: Exchange | undefined): void {
  const isPending = last !== undefined && !last.response.writableFinished;
  if (isPending && last.request.complete) return void last.response.once("close", () => socket.destroySoon());
  const isLate = isPending && last.response.headersSent;
  if (isLate || !socket.writable || error.code === "ECONNRESET") return void socket.destroy();
  const refusal = brokenRequest(error.code);
  const bytes = jsonBytes(refusal);
  const head = [
    `HTTP/1.1 ${refusal.status} ${REASONS[refusal.status]}`,
    ...Object.entries(HEADERS).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${bytes.length}`,
    "connection: close",
  ];
  const timer = setTimeout(() => socket.destroy(), LAST_WORDS_MS);
  socket.once("close", () => clearTimeout(timer));
  socket.once("end", () => socket.destroy());
  socket.end(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), bytes]));
}

function brokenRequest(code: string | undefined): Refusal {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT")
    return refused("REQUEST_TOO_SLOW", "the head of the request took too long");
  if (code === "HPE_HEADER_OVERFLOW")
    return refused("HEADERS_TOO_LARGE", "the head of the request is too large");
  return refused("REQUEST_INVALID", "the request is damaged, or broke off");
}

const REASONS: Record<number, string> = {
  400: "Bad Request",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
};

const HEADERS = { "content-type": "application/json", "cache-control": "no-store" };

const jsonBytes = (body: unknown): Buffer => Buffer.from(`${JSON.stringify(body)}\n`);
