import * as http from "node:http";
import * as https from "node:https";
import { pipeline } from "node:stream/promises";

/** A receiver that does not even accept a connection in this time is not there. */
const CONNECT_TIMEOUT_MS = 10_000;
/** While one is waited for, its route's others wait: whoever reads more slowly gets it later, or never. */
const SLOWEST_BYTES_PER_SECOND = 10_000;
/** No receiver has more to say. */
const LARGEST_ANSWER_BYTES = 64 * 1024;

export interface Post {
  url: URL;
  headers: Record<string, string | number> & { "content-length": number };
  body: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
  /** Longest silence in either direction, and the longest time for an answer to a short message. */
  timeoutMs: number;
  signal: AbortSignal;
}

export interface Answer {
  status: number;
  retryAfter: string | undefined;
}

/** No answer; `reason` is the system's code, and names neither host nor path. */
export class NoAnswer extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(`there was no answer (${reason})`);
    this.reason = reason;
  }
}

/**
 * One POST, and what was answered. No redirect is followed, and its connection is its own.
 *
 * @throws NoAnswer; what the body throws
 */
export async function post({ url, headers, body, timeoutMs, signal }: Post): Promise<Answer> {
  const ended = new AbortController();
  const both = AbortSignal.any([signal, ended.signal]);
  let bodyFailure: { reason: unknown } | undefined;
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* body(both);
    } catch (reason) {
      bodyFailure = { reason };
      throw reason;
    }
  };
  const { Agent, request: open } = url.protocol === "https:" ? https : http;
  // a connection that is to be closed would be closed on some who say yes before they have read it all
  const agent = new Agent({ keepAlive: true });
  const request = open(url, {
    method: "POST",
    headers,
    agent,
    signal: both,
  });
  const giveUp = (): void => void request.destroy(new NoAnswer("ETIMEDOUT"));
  let deadline = setTimeout(giveUp, CONNECT_TIMEOUT_MS);
  const allow = (ms: number): void => {
    clearTimeout(deadline);
    deadline = setTimeout(giveUp, ms);
  };
  request.once("timeout", giveUp);
  request.once("socket", (socket) => {
    socket.once(url.protocol === "https:" ? "secureConnect" : "connect", () => {
      request.setTimeout(timeoutMs);
      allow(timeoutMs + (headers["content-length"] / SLOWEST_BYTES_PER_SECOND) * 1_000);
    });
  });
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once("response", resolve).on("error", reject);
  });
  const sent = pipeline(watched, request).then(
    () => true,
    () => false, // told by the request too
  );
  try {
    const answer = await answered;
    const { statusCode: status = 0, headers: given } = answer;
    // a no needs no more of it
    if (isSuccess(status)) {
      if (!(await sent)) throw new NoAnswer("EPIPE");
      allow(timeoutMs);
      await drain(answer);
    }
    return { status, retryAfter: given["retry-after"] };
  } catch (thrown) {
    if (bodyFailure) throw bodyFailure.reason;
    throw thrown instanceof NoAnswer
      ? thrown
      : new NoAnswer((thrown as NodeJS.ErrnoException).code ?? "unknown");
  } finally {
    clearTimeout(deadline);
    ended.abort();
    request.destroy();
    agent.destroy();
    await sent;
  }
}

export const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** To the answer's end, so that the connection ends in peace; what it says is of no use. */
async function drain(answer: http.IncomingMessage): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > LARGEST_ANSWER_BYTES) return;
    }
  } catch {
    // the yes has come
  }
}
