import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { removeDeadSocket } from "../dead-socket.ts";
import { SottoError } from "../errors.ts";
import { type ListenAddress, listenText } from "../model/listen.ts";
import type { Readiness } from "./readiness.ts";

/** What a health server tells. */
export interface HealthSources {
  ready(): Promise<Readiness>;
  metrics(): Promise<{ contentType: string; text: string }>;
}

export interface HealthServer extends AsyncDisposable {
  /** As a person would write it down. */
  readonly address: string;
}

interface Answer {
  status: number;
  contentType: string;
  body: string;
}

const LIMITS = {
  requestTimeout: 5_000,
  headersTimeout: 5_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 4_096,
};
const MAX_CONNECTIONS = 64;

/**
 * Answers probes and Prometheus: `/live`, `/ready` (or `/healthz`), `/metrics`. Reads nothing but the first line of a
 * request, and tells nothing of a room or a person.
 *
 * @throws SottoError `LISTEN_FAILED`
 */
export async function serveHealth(listen: ListenAddress, sources: HealthSources): Promise<HealthServer> {
  const server = createServer(LIMITS, (request, response) => {
    void answerTo(request, sources)
      .catch((): Answer => json(500, { error: "it could not be found out" }))
      .then((answer) => respond(response, answer));
  });
  server.maxConnections = MAX_CONNECTIONS;
  if ("path" in listen) await removeDeadSocket(listen.path);
  await bind(server, listen);
  return {
    address: addressOf(server),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answerTo({ method, url = "" }: IncomingMessage, sources: HealthSources): Promise<Answer> {
  const path = url.split("?", 1)[0];
  if (method !== "GET" && method !== "HEAD") return json(405, { error: "GET or HEAD" });
  if (path === "/live") return json(200, { live: true });
  if (path === "/ready" || path === "/healthz") {
    const readiness = await sources.ready();
    return json(readiness.ready ? 200 : 503, readiness);
  }
  if (path === "/metrics") {
    const { contentType, text } = await sources.metrics();
    return { status: 200, contentType, body: text };
  }
  return json(404, { error: "there is /live, /ready, /healthz and /metrics" });
}

const json = (status: number, value: object): Answer => ({
  status,
  contentType: "application/json",
  body: `${JSON.stringify(value)}\n`,
});

function respond(response: ServerResponse, { status, contentType, body }: Answer): void {
  response.writeHead(status, {
    "content-type": contentType,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    ...(status === 405 && { allow: "GET, HEAD", connection: "close" }),
  });
  response.end(body);
}

function bind(server: Server, listen: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error) =>
      reject(new SottoError("LISTEN_FAILED", `cannot listen at ${listenText(listen)}`, { cause }));
    server.once("error", refuse);
    server.listen(listen, () => {
      server.off("error", refuse);
      resolve();
    });
  });
}

function addressOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string") return address ?? "";
  return listenText({ host: address.address, port: address.port });
}
