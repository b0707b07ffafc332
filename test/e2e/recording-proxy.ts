import { EventEmitter, on } from "node:events";
import { appendFileSync } from "node:fs";
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as openRequest,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** One request, as it left Sotto. */
export interface RecordedRequest {
  method: string;
  /** Path and query, as sent. */
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** The homeserver's own, whether or not it was passed on; absent until then. */
  status?: number;
}

/**
 * What becomes of a request instead of being passed on: an answer of the proxy's own; or the connection is cut, or
 * left without an answer, before or after the homeserver has had the request; or the homeserver's JSON is changed on
 * its way back, as a homeserver that lies would do.
 */
export type Fault =
  | { rewrite(answer: Record<string, unknown>): unknown }
  | { status: number; body?: object; headers?: Record<string, string> }
  | "cut before"
  | "cut after"
  | "hang before"
  | "hang after";

type Matcher = (request: RecordedRequest) => boolean;

export interface RecordingProxy {
  readonly baseUrl: string;
  /** Every request so far, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** Does this to every request that matches. The returned function ends it. */
  intercept(matches: Matcher, fault: Fault): () => void;
  /** The next request that matches, as soon as it is here; it goes on undisturbed. */
  arrival(matches: Matcher): Promise<RecordedRequest>;
  /** Does this to the next request that matches; resolves when it is done to it, the homeserver's part included. */
  next(matches: Matcher, fault?: Fault): Promise<RecordedRequest>;
  /** Takes every rule away, those that were never met too. */
  passOnEverything(): void;
  close(): Promise<void>;
}

interface Rule {
  matches: Matcher;
  fault: Fault | undefined;
  /** A rule that has this is for one request only. */
  done?: (request: RecordedRequest) => void;
}

/**
 * Stands between Sotto and the homeserver, writes down each request before it goes on, and can do to it what networks
 * and overloaded servers do: a real Synapse cannot be asked to fail on demand.
 *
 * @param recording a file to which each request is added as a line of JSON
 */
export async function startRecordingProxy(upstream: string, recording: string): Promise<RecordingProxy> {
  const requests: RecordedRequest[] = [];
  const rules = new Set<Rule>();
  const arrivals = new EventEmitter<{ request: [RecordedRequest] }>();
  const agent = new Agent({ keepAlive: true });

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = "", url: path = "", headers } = incoming;
    const request: RecordedRequest = { method, path, headers, body: await buffer(incoming) };
    requests.push(request);
    appendFileSync(recording, `${writeRecord(request)}\n`);
    arrivals.emit("request", request);
    const rule = [...rules].find(({ matches }) => matches(request));
    if (rule?.done) rules.delete(rule);
    await treat(request, incoming, outgoing, rule?.fault);
    rule?.done?.(request);
  }

  async function treat(
    request: RecordedRequest,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    fault: Fault | undefined,
  ): Promise<void> {
    if (fault === "hang before") return;
    if (fault === "cut before") return void incoming.socket.destroy();
    if (typeof fault === "object" && "status" in fault) return answerInstead(outgoing, fault);
    const answer = await forward(upstream, agent, request, outgoing);
    request.status = answer.statusCode ?? 0;
    if (fault === undefined) {
      outgoing.writeHead(request.status, answer.headers);
      return void answer.pipe(outgoing);
    }
    if (typeof fault === "object") {
      const changed = fault.rewrite(JSON.parse((await buffer(answer)).toString()) as Record<string, unknown>);
      return answerInstead(outgoing, { status: request.status, body: changed as object });
    }
    answer.resume();
    if (fault === "cut after") incoming.socket.destroy();
  }

  const server = createServer((incoming, outgoing) => {
    // one side is gone: then the other is told in the only way there is
    handle(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    intercept(matches, fault) {
      const rule: Rule = { matches, fault };
      rules.add(rule);
      return () => rules.delete(rule);
    },
    async arrival(matches) {
      for await (const [request] of on(arrivals, "request") as AsyncIterable<[RecordedRequest]>) {
        if (matches(request)) return request;
      }
      throw new Error("the proxy has ended");
    },
    next: (matches, fault) => new Promise((done) => rules.add({ matches, fault, done })),
    passOnEverything: () => rules.clear(),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

function answerInstead(
  outgoing: ServerResponse,
  { status, body = {}, headers }: { status: number; body?: object; headers?: Record<string, string> },
): void {
  outgoing.writeHead(status, { "content-type": "application/json", ...headers });
  outgoing.end(JSON.stringify(body));
}

function forward(
  upstream: string,
  agent: Agent,
  { method, path, headers, body }: RecordedRequest,
  outgoing: ServerResponse,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { host: _, connection: __, ...passed } = headers;
    const request = openRequest(new URL(path, upstream), { method, headers: passed, agent }, resolve);
    request.once("error", reject);
    // a client that hangs up while it polls: the homeserver need not go on waiting
    outgoing.once("close", () => outgoing.writableFinished || request.destroy());
    request.end(body);
  });
}

function writeRecord({ body, ...request }: RecordedRequest): string {
  return JSON.stringify({ ...request, body: body.toString("base64") });
}

export function readRecord(line: string): RecordedRequest {
  const { body, ...request } = JSON.parse(line) as Omit<RecordedRequest, "body"> & { body: string };
  return { ...request, body: Buffer.from(body, "base64") };
}
