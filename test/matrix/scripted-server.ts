import { once } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import type { Timing } from "../../src/matrix/index.ts";

/** One request as the server saw it. */
export interface Seen {
  method: string;
  /** Without the query. */
  path: string;
  query: URLSearchParams;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

/** What to answer: a status with JSON, or anything else by hand. */
export type Answer =
  | { status?: number; json?: unknown; headers?: http.OutgoingHttpHeaders }
  | ((response: http.ServerResponse) => void);

export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly requests: Seen[];
}

/**
 * A scripted peer, for faults that a real homeserver cannot be made to show on demand: a 500, a 429, an answer that
 * is cut short, silence, a redirect. What real ones do is tried in test/e2e/matrix.test.ts.
 */
export async function scriptedServer(
  script: Answer[] | ((request: Seen, count: number) => Answer | Promise<Answer>),
  tls?: https.ServerOptions,
  port = 0,
): Promise<ScriptedServer> {
  const requests: Seen[] = [];
  const listener: http.RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url ?? "/", "http://localhost");
    const seen: Seen = {
      method: request.method ?? "",
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks),
    };
    requests.push(seen);
    const answer =
      typeof script === "function" ? await script(seen, requests.length) : script[requests.length - 1];
    if (typeof answer === "function") return answer(response);
    if (answer === undefined) return void response.writeHead(599).end("{}");
    response.writeHead(answer.status ?? 200, { "content-type": "application/json", ...answer.headers });
    response.end(JSON.stringify(answer.json ?? {}));
  };
  const server = tls ? https.createServer(tls, listener) : http.createServer(listener);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  return {
    url: `${tls ? "https" : "http"}://localhost:${address.port}`,
    port: address.port,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Time that passes only by sleeping, and chance that always says the longest wait. */
export function fakeTiming(): Timing & { slept: number[] } {
  const slept: number[] = [];
  let now = 0;
  return {
    slept,
    now: () => now,
    sleep: async (ms) => {
      slept.push(ms);
      now += ms;
    },
    random: () => 1,
  };
}

/** A port where nobody listens. */
export async function freePort(): Promise<number> {
  const server = http.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
