import { createHash } from "node:crypto";
import { once } from "node:events";
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished } from "vitest";
import { MemoryIntake } from "../../src/connector/contract/index.ts";
import { HttpConnector } from "../../src/connector/http/connector.ts";
import { openApi } from "../../src/connector/http/openapi.ts";
import { type HttpSettings, httpSettings } from "../../src/connector/http/settings.ts";
import type { Logger } from "../../src/log.ts";
import type { ConnectorContext } from "../../src/model/connector.ts";

// The http connector on a port of the system's choice, and clients for it. Each answer is held against the OpenAPI document.

export const TOKEN = "a-token-that-nobody-guesses";
export const VOICE = "/v1/rooms/%21ops/voice";
export const sha256 = (token: string): string => createHash("sha256").update(token).digest("hex");

/** What is said to the log, as one text. */
export interface Log extends Logger {
  lines: string[];
}

function collecting(): Log {
  const lines: string[] = [];
  const log = (message: string, fields = {}): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
  return { lines, debug: log, info: log, warn: log, error: log };
}

export const contextOf = (logger: Logger): ConnectorContext => ({
  name: "api",
  logger,
  path: (written) => written,
  signer: { publicKeyPem: "", sign: () => new Uint8Array() },
});

export interface Door {
  connector: HttpConnector;
  intake: MemoryIntake;
  log: Log;
  port: number;
}

/** Settings as the config has them, after it was read: times in milliseconds. */
export const settingsOf = (changes: Partial<HttpSettings> = {}): HttpSettings => ({
  ...httpSettings.parse({
    type: "http",
    listen: "127.0.0.1:0",
    tokens: [{ name: "doorbell", sha256: sha256(TOKEN) }],
  }),
  ...changes,
});

export async function openDoor(
  changes: Partial<HttpSettings> = {},
  intake = new MemoryIntake(),
): Promise<Door> {
  const log = collecting();
  const connector = new HttpConnector(settingsOf(changes), contextOf(log));
  await connector.start(intake);
  onTestFinished(() => connector.stop());
  return { connector, intake, log, port: Number(connector.address.split(":").at(-1)) };
}

export interface Asked {
  method?: string;
  path?: string;
  /** Besides the bearer token; null leaves that out. */
  token?: string | null;
  headers?: OutgoingHttpHeaders;
  body?: Uint8Array | string;
  socketPath?: string;
}

export interface Answered {
  status: number;
  headers: IncomingHttpHeaders;
  json: Record<string, unknown>;
}

/** One request on a connection of its own. */
export async function ask(port: number, asked: Asked = {}): Promise<Answered> {
  const { method = "POST", path = VOICE, token = TOKEN, headers, body, socketPath } = asked;
  const sent = request({
    ...(socketPath ? { socketPath } : { host: "127.0.0.1", port }),
    method,
    path,
    agent: false,
    headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers },
  });
  // the answer may come before the body has left
  sent.on("error", () => undefined);
  // with a string, Node would write the head as UTF-8 too
  sent.end(body === undefined ? undefined : Buffer.from(body));
  const [response] = await once(sent, "response");
  const answered = {
    status: response.statusCode,
    headers: response.headers,
    json: JSON.parse(await text(response)),
  };
  requireDocumented(method, path, answered.status);
  return answered;
}

/** A bare connection: what the test writes, and what comes back until the other end closes. */
export async function dial(port: number): Promise<{ socket: Socket; all: Promise<string> }> {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  const all = new Promise<string>((resolve) => {
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
    });
    socket
      .on("end", () => resolve(received))
      .on("error", (error) => resolve(`${received}[${error.message}]`));
  });
  await once(socket, "connect");
  return { socket, all };
}

export const head = (lines: readonly string[], target = `POST ${VOICE}`): string =>
  [`${target} HTTP/1.1`, "Host: x", `Authorization: Bearer ${TOKEN}`, ...lines, "", ""].join("\r\n");

type Paths = Record<string, Record<string, { responses: object }>>;

/** What the connector answers, its document says. */
function requireDocumented(method: string, path: string, status: number): void {
  const paths = openApi().paths as Paths;
  const template = Object.keys(paths).find((known) =>
    new RegExp(`^${known.replace(/[.]/g, "\\.").replace(/\{\w+\}/g, "[^/]+")}$`).test(path.split("?")[0]!),
  );
  const operation = template === undefined ? undefined : paths[template]![method.toLowerCase()];
  if (operation) expect(Object.keys(operation.responses), `${method} ${path}`).toContain(String(status));
}
