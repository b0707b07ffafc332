import type { ClientRequest, IncomingMessage } from "node:http";
import { pipeline } from "node:stream";
import { SottoError } from "../errors.ts";
import { retryAfterOf } from "./backoff.ts";
import type { HttpPool } from "./http-agent.ts";
import { ConnectionFailure, MatrixError } from "./request-failure.ts";

/** What a request carries. `jsonText` is sent byte for byte; what is opened is opened anew for each attempt. */
export type RequestBody =
  | { readonly json: unknown }
  | { readonly jsonText: string }
  | { readonly bytes: Uint8Array; readonly contentType: string }
  | { readonly open: () => Chunks; readonly contentType: string; readonly contentLength: number };

export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

export interface Exchange {
  readonly method: string;
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly body: RequestBody | undefined;
  /** Longest silence in either direction. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

const NO_ANSWER: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection was lost",
  EPIPE: "the connection was lost",
  ENOTFOUND: "no host of this name",
  EAI_AGAIN: "the name could not be looked up",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
};

/** A host that does not even accept a connection in this time is not there. */
const CONNECT_TIMEOUT_MS = 10_000;
const MAX_ERROR_BYTES = 1024 * 1024;

/**
 * One request and the beginning of its answer, whatever its status.
 *
 * @throws ConnectionFailure, or what the body's own stream threw
 */
export function exchange(pool: HttpPool, { method, url, headers, body, timeoutMs, signal }: Exchange) {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const content = body && encode(body);
    const connectMs = Math.min(timeoutMs, CONNECT_TIMEOUT_MS);
    const request = pool.request(url, {
      agent: pool.agent,
      method,
      headers: { ...headers, ...content?.headers },
      timeout: connectMs,
      ...(signal ? { signal } : {}),
    });
    let answer: IncomingMessage | undefined;
    let connected = false;
    let bodyFailure: unknown;
    request.once("response", (incoming) => {
      answer = incoming;
      resolve(incoming);
    });
    request.once("timeout", () => {
      const failure = new ConnectionFailure(
        "ETIMEDOUT",
        `no answer for ${timeoutMs / 1000} seconds`,
        connected,
      );
      (answer ?? request).destroy(failure);
    });
    request.on("error", (error: NodeJS.ErrnoException) => {
      if (bodyFailure !== undefined || error instanceof ConnectionFailure)
        return reject(bodyFailure ?? error);
      const code = error.code ?? "ERR_NO_ANSWER";
      reject(new ConnectionFailure(code, NO_ANSWER[code] ?? (error.message || code), connected));
    });
    onceConnected(request, url, () => {
      connected = true;
      request.setTimeout(timeoutMs);
      // not before: for a connection that is refused, nothing need be read
      if (content?.open === undefined) return;
      const chunks = exactly(content.open(), content.length, (thrown) => {
        bodyFailure = thrown;
      });
      pipeline(chunks, request, () => {});
    });
    if (!content?.open) request.end(content?.bytes);
  });
}

interface EncodedBody {
  headers: Record<string, string>;
  length: number;
  bytes?: Uint8Array;
  open?: () => Chunks;
}

function encode(body: RequestBody): EncodedBody {
  if ("open" in body) return { ...described(body.contentType, body.contentLength), open: body.open };
  if ("bytes" in body) return { ...described(body.contentType, body.bytes.byteLength), bytes: body.bytes };
  const bytes = Buffer.from("jsonText" in body ? body.jsonText : JSON.stringify(body.json));
  return { ...described("application/json", bytes.byteLength), bytes };
}

function described(contentType: string, length: number): EncodedBody {
  return { headers: { "content-type": contentType, "content-length": String(length) }, length };
}

/** A byte too many would be read as the next request on the same connection, a byte too few would hang it. */
async function* exactly(
  chunks: Chunks,
  length: number,
  onFailure: (thrown: unknown) => void,
): AsyncGenerator<Uint8Array> {
  let seen = 0;
  try {
    for await (const chunk of chunks) {
      seen += chunk.byteLength;
      if (seen > length) break;
      yield chunk;
    }
    if (seen !== length)
      throw new SottoError("INTERNAL", `a body of ${length} bytes was announced, ${seen} came`);
  } catch (thrown) {
    onFailure(thrown);
    throw thrown;
  }
}

function onceConnected(request: ClientRequest, url: URL, connected: () => void): void {
  request.once("socket", (socket) => {
    if (!socket.connecting) connected();
    else socket.once(url.protocol === "https:" ? "secureConnect" : "connect", connected);
  });
}

/** The whole body as text. @throws ConnectionFailure where it was cut short, SottoError above `maxBytes` */
export async function readText(answer: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.byteLength;
      if (size > maxBytes) break;
      chunks.push(chunk);
    }
  } catch (thrown) {
    if (thrown instanceof ConnectionFailure) throw thrown;
    throw new ConnectionFailure("ERR_ANSWER_CUT", "the answer was cut short", true);
  }
  if (size > maxBytes) {
    throw new SottoError("HOMESERVER_ERROR", `the homeserver's answer is larger than ${maxBytes} bytes`);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Reads an answer of any status but 2xx. */
export async function errorOf(answer: IncomingMessage): Promise<MatrixError> {
  const { statusCode = 0, headers } = answer;
  const body: Record<string, unknown> = parseObject(await readText(answer, MAX_ERROR_BYTES)) ?? {};
  const location = statusCode >= 300 && statusCode < 400 ? headers.location : undefined;
  const target = location === undefined ? null : URL.parse(location);
  if (target !== null) body.error = `it redirects to ${target.origin}`;
  return new MatrixError(statusCode, body, {
    retryAfterMs: retryAfterOf(headers, body, Date.now()),
    location,
  });
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // a proxy's page: its status is all there is to tell
  }
  return undefined;
}
