import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { SottoError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { backoffMs, isRepeatable } from "./backoff.ts";
import { endpointOf } from "./endpoint.ts";
import { errorOf, exchange, type RequestBody, readText } from "./exchange.ts";
import { explain } from "./explain.ts";
import { parseHomeserverUrl } from "./homeserver-url.ts";
import { type HttpPool, openHttpPool } from "./http-agent.ts";
import { ConnectionFailure, type Failure, MatrixError } from "./request-failure.ts";
import { SEND_PERMIT, sendsRoomEvent } from "./send-permit.ts";

const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_RETRY_FOR_MS = 15_000;
/** Nobody answers at all: a person at a terminal wants to know soon, and the outbox comes back by itself. */
const UNREACHABLE_RETRY_FOR_MS = 3_000;
/** Above any `/sync` answer seen with Sotto's filter, below what would exhaust a small machine. */
const MAX_JSON_BYTES = 128 * 1024 * 1024;
const MAX_REDIRECTS = 3;

export type HttpMethod = "GET" | "PUT" | "POST" | "DELETE";
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface RequestOptions {
  /** Undefined values are left out; a list repeats the parameter. */
  readonly query?: Query;
  readonly body?: RequestBody;
  /** Longest silence in milliseconds before an attempt fails; 60 seconds unless told. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /**
   * Whether sending it twice is the same as sending it once; every method but POST unless told. A request that is
   * not idempotent is repeated only where the homeserver certainly did not act on it.
   */
  readonly idempotent?: boolean;
  /** Milliseconds within which an attempt may be repeated, 0 for a single one; the transport's unless told. */
  readonly retryForMs?: number;
  /** Asked before it is repeated; yes unless told. */
  readonly mayRepeat?: () => boolean;
  /** Held by the send gate alone. */
  readonly permit?: typeof SEND_PERMIT;
}

/** A 2xx answer whose body has not been read yet. Who gets it must read or destroy the body. */
export interface StreamedAnswer {
  readonly headers: IncomingHttpHeaders;
  /** Fails, instead of ending, where the connection is lost before the whole body came. */
  readonly body: Readable;
}

/**
 * The only way to the homeserver. Every failure is a `SottoError` whose `cause` is a `MatrixError` or a
 * `ConnectionFailure`: `HOMESERVER_UNREACHABLE`, `TOKEN_REJECTED`, `RATE_LIMITED` with `retryAfterMs`, or
 * `HOMESERVER_ERROR`. An aborted `signal` rejects with the signal's reason. No token, query or body is ever written
 * to an error or a log.
 */
export interface Transport {
  /** The base URL, without a trailing slash. */
  readonly homeserver: string;
  /** Sends a request and parses the answer; whoever asks checks the members it relies on. */
  request<T = unknown>(method: HttpMethod, path: string, options?: RequestOptions): Promise<T>;
  /** As `request`, but gives the answer's JSON text as it came. */
  requestText(method: HttpMethod, path: string, options?: RequestOptions): Promise<string>;
  /** A GET whose answer is read as a stream. Redirects are followed, with the token to the homeserver only. */
  stream(path: string, options?: RequestOptions): Promise<StreamedAnswer>;
  setAccessToken(accessToken: string | undefined): void;
  /** Ends every connection; requests under way fail, and later ones with `STOPPED`. */
  close(): void;
}

export interface TransportOptions {
  /** `https://…`, or `http://` to the loopback address. */
  readonly homeserver: string;
  readonly accessToken?: string;
  /** PEM file of certificate authorities trusted besides the system's. */
  readonly caFile?: string;
  readonly userAgent?: string;
  readonly logger?: Logger;
  /** Milliseconds within which a request may be repeated; 15 seconds unless told. */
  readonly retryForMs?: number;
  /** Largest JSON answer in bytes; 128 MiB unless told. */
  readonly maxJsonBytes?: number;
  /**
   * Logs in to the same device again and gives the new token, where the homeserver says that the token expired but
   * the device did not. https://spec.matrix.org/v1.19/client-server-api/#soft-logout
   */
  readonly onSoftLogout?: () => Promise<string>;
  /** Told of each attempt that has ended, unless its signal ended it: what was called, and how it failed. */
  readonly onAttempt?: (endpoint: string, failure?: Failure) => void;
  /** Where the proxy is read from; `process.env` unless told. */
  readonly env?: NodeJS.ProcessEnv;
  /** What time and chance are; a test has its own. */
  readonly timing?: Timing;
}

export interface Timing {
  /** Milliseconds that only grow. */
  now(): number;
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
  /** From 0 up to, not including, 1. */
  random(): number;
}

const REAL_TIMING: Timing = {
  now: () => performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal ? { signal } : {}),
  random: Math.random,
};

/** @throws SottoError `CONFIG_INVALID` for a homeserver, `caFile` or proxy that cannot be used */
export function createTransport(options: TransportOptions): Transport {
  const base = parseHomeserverUrl(options.homeserver);
  const {
    caFile,
    logger,
    onAttempt,
    onSoftLogout,
    env = process.env,
    timing = REAL_TIMING,
    userAgent = "Sotto",
  } = options;
  const homeserver = base.href.replace(/\/$/, "");
  const pools = new Map<string, HttpPool>();
  let accessToken = options.accessToken;
  let renewal: Promise<void> | undefined;
  let isClosed = false;

  function poolOf(url: URL): HttpPool {
    const pool = pools.get(url.origin) ?? openHttpPool(url, caFile, env);
    pools.set(url.origin, pool);
    return pool;
  }
  poolOf(base);

  /** One attempt, up to the headers of a 2xx answer. */
  async function attempt(method: HttpMethod, url: URL, request: RequestOptions): Promise<IncomingMessage> {
    const headers: Record<string, string> = { "user-agent": userAgent };
    if (accessToken !== undefined && url.origin === base.origin)
      headers.authorization = `Bearer ${accessToken}`;
    const { body, signal, timeoutMs = DEFAULT_TIMEOUT_MS } = request;
    const startedAt = timing.now();
    const answer = await exchange(poolOf(url), { method, url, headers, body, timeoutMs, signal });
    const ms = Math.round(timing.now() - startedAt);
    logger?.debug("homeserver answered", { method, path: url.pathname, statusCode: answer.statusCode, ms });
    if (Math.trunc((answer.statusCode ?? 0) / 100) === 2) return answer;
    throw await errorOf(answer);
  }

  /** Attempts until an answer, a failure that repeating does not cure, or the end of the time allowed. */
  async function send<T>(
    method: HttpMethod,
    url: URL,
    request: RequestOptions,
    read: (answer: IncomingMessage) => T | Promise<T>,
  ): Promise<T> {
    if (sendsRoomEvent(method, url.pathname) && request.permit !== SEND_PERMIT) {
      throw new SottoError("CLEAR_EVENT_REFUSED", "a room event was about to leave beside the send gate");
    }
    const { idempotent = method !== "POST", retryForMs = options.retryForMs ?? DEFAULT_RETRY_FOR_MS } =
      request;
    const startedAt = timing.now();
    let failure: Failure | undefined;
    let mayHaveArrived = false;
    let renewed = false;
    for (let attempts = 1; ; attempts += 1) {
      request.signal?.throwIfAborted();
      if (failure && request.mayRepeat?.() === false) throw explain(failure, url);
      if (isClosed) {
        // what an attempt may have done is not forgotten
        if (failure) throw explain(failure, url);
        throw new SottoError("STOPPED", "the connection to the homeserver was closed");
      }
      const token = accessToken;
      try {
        const answer = await read(await attempt(method, url, request));
        onAttempt?.(endpointOf(url.pathname));
        return answer;
      } catch (thrown) {
        request.signal?.throwIfAborted();
        if (!(thrown instanceof MatrixError || thrown instanceof ConnectionFailure)) throw thrown;
        failure = thrown;
        onAttempt?.(endpointOf(url.pathname), failure);
      }
      mayHaveArrived ||= failure.mayHaveArrived;
      failure.mayHaveArrived = mayHaveArrived;
      if (failure instanceof MatrixError && failure.softLogout && onSoftLogout && !renewed) {
        renewed = true;
        if (accessToken === token) await renewToken(onSoftLogout);
        continue;
      }
      const waitMs = backoffMs(failure, attempts, timing.random());
      const allowedMs = isUnreachable(failure) ? Math.min(retryForMs, UNREACHABLE_RETRY_FOR_MS) : retryForMs;
      const inTime = !isClosed && timing.now() - startedAt + waitMs < allowedMs;
      if (!inTime || !isRepeatable(failure, idempotent)) throw explain(failure, url);
      logger?.info("request is repeated", { method, path: url.pathname, reason: failure.message, waitMs });
      await timing.sleep(waitMs, request.signal);
    }
  }

  /** One renewal for all requests that were refused with the same token. */
  function renewToken(renew: () => Promise<string>): Promise<void> {
    renewal ??= renew()
      .then((token) => {
        accessToken = token;
      })
      .finally(() => {
        renewal = undefined;
      });
    return renewal;
  }

  async function requestText(
    method: HttpMethod,
    path: string,
    request: RequestOptions = {},
  ): Promise<string> {
    const url = urlOf(homeserver, path, request.query);
    return send(method, url, request, (answer) => readText(answer, options.maxJsonBytes ?? MAX_JSON_BYTES));
  }

  return {
    homeserver,
    requestText,
    async request<T>(method: HttpMethod, path: string, request?: RequestOptions): Promise<T> {
      return parseJson(await requestText(method, path, request), base) as T;
    },
    async stream(path, request = {}) {
      let url = urlOf(homeserver, path, request.query);
      for (let redirects = 0; ; redirects += 1) {
        try {
          return await send("GET", url, request, (answer) => ({ headers: answer.headers, body: answer }));
        } catch (thrown) {
          const target = redirects < MAX_REDIRECTS ? redirectOf(thrown, url) : undefined;
          if (target === undefined) throw thrown;
          url = target;
        }
      }
    },
    setAccessToken(token) {
      accessToken = token;
    },
    close() {
      isClosed = true;
      for (const { agent } of pools.values()) agent.destroy();
    },
  };
}

function urlOf(homeserver: string, path: string, query: Query = {}): URL {
  const url = new URL(homeserver + path);
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined) url.searchParams.append(name, String(item));
    }
  }
  return url;
}

/** Where a 3xx answer points, unless that would leave TLS behind. */
function redirectOf(thrown: unknown, from: URL): URL | undefined {
  const location =
    thrown instanceof SottoError && thrown.cause instanceof MatrixError ? thrown.cause.location : undefined;
  const target = location === undefined ? null : URL.parse(location, from.href);
  if (target?.protocol === "https:") return target;
  return target?.protocol === "http:" && from.protocol === "http:" ? target : undefined;
}

function isUnreachable(failure: Failure): boolean {
  return failure instanceof ConnectionFailure && !failure.mayHaveArrived;
}

function parseJson(text: string, base: URL): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SottoError("HOMESERVER_ERROR", `${base.origin} did not answer as a Matrix homeserver does`, {
      cure: "check the homeserver's address: it must be the base URL of the client-server API",
    });
  }
}
