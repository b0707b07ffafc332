import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as openRequest,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";

/** What networks, proxies and overloaded homeservers do to a request, or to its answer. */
export const FAULTS = [
  "429",
  "429 with Retry-After",
  "5xx, not acted on",
  "5xx, acted on",
  "reset before",
  "answer lost",
  "answer cut",
  "stall",
  "slow",
  "twice",
] as const;
export type ChaosFault = (typeof FAULTS)[number];

/** Requests that are dealt with alike. The first rule that matches holds. */
export interface ChaosRule {
  /** Method and path, as `PUT /_matrix/…`. */
  matches: RegExp;
  /** How likely each of the faults is together, from 0 to 1. */
  probability: number;
  /** All, unless told. */
  faults?: readonly ChaosFault[];
}

export interface ChaosProxy {
  readonly baseUrl: string;
  /** How often each fault was done to a request. */
  readonly counts: Readonly<Record<ChaosFault, number>>;
  /** The rules from here on; none ends the chaos. */
  follow(rules: readonly ChaosRule[]): void;
  /** The nth request that matches is not answered: resolves when it is here, or when the homeserver has acted on it. */
  hold(matches: RegExp, nth: number, when: "before" | "after"): { reached: Promise<void>; release(): void };
  close(): Promise<void>;
}

interface Request {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

interface Hold {
  matches: RegExp;
  left: number;
  when: "before" | "after";
  reach(): void;
}

/**
 * Stands between Sotto and a real homeserver and does to the requests what its rules say, at random.
 *
 * @param random from 0 up to, not including, 1; with a seed of its own
 */
export async function startChaosProxy(upstream: string, random: () => number): Promise<ChaosProxy> {
  const agent = new Agent({ keepAlive: true });
  const counts = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<ChaosFault, number>;
  const holds = new Set<Hold>();
  let rules: readonly ChaosRule[] = [];

  function faultFor(line: string): ChaosFault | undefined {
    const rule = rules.find(({ matches }) => matches.test(line));
    if (!rule || random() >= rule.probability) return undefined;
    const { faults = FAULTS } = rule;
    const fault = faults[Math.floor(random() * faults.length)]!;
    counts[fault] += 1;
    return fault;
  }

  function holdFor(line: string): Hold | undefined {
    for (const hold of holds) {
      if (!hold.matches.test(line) || --hold.left > 0) continue;
      holds.delete(hold);
      return hold;
    }
    return undefined;
  }

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = "", url: path = "", headers } = incoming;
    const line = `${method} ${path}`;
    const request: Request = { method, path, headers, body: await buffer(incoming) };
    const gone = new AbortController();
    outgoing.once("close", () => gone.abort());
    const held = holdFor(line);
    if (held?.when === "before") return held.reach();
    if (held) {
      await forward(request, new AbortController().signal);
      return held.reach();
    }
    await treat(request, incoming.socket, outgoing, gone.signal, faultFor(line));
  }

  async function treat(
    request: Request,
    socket: Socket,
    outgoing: ServerResponse,
    gone: AbortSignal,
    fault: ChaosFault | undefined,
  ): Promise<void> {
    const seconds = random() < 0.8 ? 0 : 1;
    switch (fault) {
      case "429":
        return write(outgoing, json(429, { errcode: "M_LIMIT_EXCEEDED" }));
      case "429 with Retry-After":
        return write(outgoing, {
          ...json(429, { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 50 }),
          headers: { "content-type": "application/json", "retry-after": String(seconds) },
        });
      case "5xx, not acted on":
        return write(outgoing, json([500, 502, 503, 504][Math.floor(random() * 4)]!, {}));
      case "reset before":
        return void socket.resetAndDestroy();
      case "stall":
        await delay(200 + random() * 800);
        break;
      case "twice":
        // what a network or a proxy repeats: the second answer counts
        await forward(request, gone);
    }
    // what a lost answer belongs to has happened, whether or not somebody still waits
    const answer = await forward(request, fault === "answer lost" ? new AbortController().signal : gone);
    switch (fault) {
      case "5xx, acted on":
        return write(outgoing, json(502, {}));
      case "answer lost":
        return void socket.resetAndDestroy();
      case "answer cut":
        outgoing.writeHead(answer.status, { ...plain(answer.headers), "content-length": answer.body.length });
        outgoing.write(answer.body.subarray(0, answer.body.length - 1));
        return void setImmediate(() => socket.destroy());
      case "slow":
        return trickle(outgoing, answer);
      default:
        return write(outgoing, answer);
    }
  }

  function forward({ method, path, headers, body }: Request, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { host: _, connection: __, ...passed } = headers;
      const request = openRequest(
        new URL(path, upstream),
        { method, headers: passed, agent, signal },
        (answer) => {
          buffer(answer).then(
            (bytes) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: bytes }),
            reject,
          );
        },
      );
      request.once("error", reject);
      request.end(body);
    });
  }

  const server = createServer((incoming, outgoing) => {
    // one side is gone: then the other is told in the only way there is
    handle(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    follow: (next) => {
      rules = next;
    },
    hold(matches, nth, when) {
      const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
      const hold: Hold = { matches, left: nth, when, reach };
      holds.add(hold);
      return { reached, release: () => void holds.delete(hold) };
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

const json = (status: number, body: object): Answer => ({
  status,
  headers: { "content-type": "application/json" },
  body: Buffer.from(JSON.stringify(body)),
});

/** The proxy's own connection has its own length and framing. */
function plain({
  connection: _,
  "transfer-encoding": __,
  "content-length": ___,
  ...headers
}: IncomingHttpHeaders) {
  return headers;
}

function write(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  outgoing.writeHead(status, { ...plain(headers), "content-length": body.length });
  outgoing.end(body);
}

async function trickle(outgoing: ServerResponse, { status, headers, body }: Answer): Promise<void> {
  outgoing.writeHead(status, { ...plain(headers), "content-length": body.length });
  const piece = Math.max(1, Math.ceil(body.length / 8));
  for (let at = 0; at < body.length && !outgoing.destroyed; at += piece) {
    outgoing.write(body.subarray(at, at + piece));
    await delay(30);
  }
  outgoing.end();
}
