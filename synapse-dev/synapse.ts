import { spawn } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

// A real Synapse for tests, the demo and the bench. It ends with this process, however that ends:
// the program that starts it waits for the end of its standard input, which is a pipe from here.

export interface SynapseOptions {
  /** Where its data lie; kept at the end. Default: a new folder under .dev, removed at the end. */
  dir?: string;
  /** Tests lift them; by default they are Synapse's own. */
  liftRateLimits?: boolean;
  serverName?: string;
  /** More of homeserver.yaml; a key here replaces the whole key there. */
  config?: Record<string, unknown>;
  logLevel?: "DEBUG" | "INFO" | "WARNING";
}

export interface Session {
  userId: string;
  accessToken: string;
  deviceId: string;
}

interface ServerState {
  baseUrl: string;
  serverName: string;
  dir: string;
  pid: number;
  registrationSharedSecret: string;
  database: string;
  mediaStore: string;
  log: string;
}

const here = import.meta.dirname;

export class SynapseRequestError extends Error {
  readonly status: number;
  readonly errcode: string | undefined;

  constructor(request: string, status: number, body: unknown) {
    super(`${request}: ${status} ${JSON.stringify(body)}`);
    this.status = status;
    this.errcode = (body as { errcode?: string }).errcode;
  }
}

export class Synapse {
  #state: ServerState;
  readonly #startArguments: string[];
  readonly #end: () => Promise<void>;

  constructor(state: ServerState, startArguments: string[], end: () => Promise<void>) {
    this.#state = state;
    this.#startArguments = startArguments;
    this.#end = end;
  }

  /** Stays the same over a restart unless another program has taken the port meanwhile. */
  get baseUrl(): string {
    return this.#state.baseUrl;
  }
  get serverName(): string {
    return this.#state.serverName;
  }
  get dir(): string {
    return this.#state.dir;
  }
  get pid(): number {
    return this.#state.pid;
  }
  get database(): string {
    return this.#state.database;
  }
  get mediaStore(): string {
    return this.#state.mediaStore;
  }
  get logFile(): string {
    return this.#state.log;
  }
  get registrationSharedSecret(): string {
    return this.#state.registrationSharedSecret;
  }

  /** One request to the server; the parsed answer, or a SynapseRequestError. */
  async request<T>(method: string, pathAndQuery: string, accessToken?: string, body?: unknown): Promise<T> {
    const response = await fetch(this.baseUrl + pathAndQuery, {
      method,
      headers: accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json().catch(() => ({}));
    if (!response.ok) throw new SynapseRequestError(`${method} ${pathAndQuery}`, response.status, answer);
    return answer as T;
  }

  /** Makes an account with the registration secret, which needs no administrator. */
  async registerUser(
    localpart: string,
    password = randomBytes(16).toString("hex"),
    { admin = false, displayName }: { admin?: boolean; displayName?: string } = {},
  ): Promise<Session> {
    const { nonce } = await this.request<{ nonce: string }>("GET", "/_synapse/admin/v1/register");
    const mac = createHmac("sha1", this.registrationSharedSecret)
      .update([nonce, localpart, password, admin ? "admin" : "notadmin"].join("\0"))
      .digest("hex");
    const account = { nonce, username: localpart, displayname: displayName, password, admin, mac };
    return asSession(await this.request("POST", "/_synapse/admin/v1/register", undefined, account));
  }

  async login(user: string, password: string, deviceId?: string): Promise<Session> {
    return asSession(
      await this.request("POST", "/_matrix/client/v3/login", undefined, {
        type: "m.login.password",
        identifier: { type: "m.id.user", user },
        password,
        device_id: deviceId,
      }),
    );
  }

  /** Ends the server but keeps its data: an outage, until restart(). */
  async halt(): Promise<void> {
    await run("stop", ["--dir", this.dir]);
  }

  async restart(): Promise<void> {
    await this.halt();
    this.#state = JSON.parse(await run("start", this.#startArguments)) as ServerState;
  }

  /** Ends the server for good. */
  async stop(): Promise<void> {
    await this.#end();
  }
}

function asSession(answer: { user_id: string; access_token: string; device_id: string }): Session {
  return { userId: answer.user_id, accessToken: answer.access_token, deviceId: answer.device_id };
}

export async function startSynapse(options: SynapseOptions = {}): Promise<Synapse> {
  const dir = path.resolve(
    options.dir ?? path.join(here, "../.dev/synapse", `temporary-${randomBytes(6).toString("hex")}`),
  );
  const startArguments = ["--json", "--dir", dir];
  if (options.liftRateLimits) startArguments.push("--lift-rate-limits");
  if (options.serverName) startArguments.push("--server-name", options.serverName);
  if (options.logLevel) startArguments.push("--log-level", options.logLevel);
  if (options.config) {
    const file = path.join(dir, "more.yaml");
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await writeFile(file, JSON.stringify(options.config));
    startArguments.push("--config", file);
  }

  const lifetime = ["--while-stdin", ...(options.dir ? [] : ["--remove"])];
  const holder = spawn(path.join(here, "start"), [...startArguments, ...lifetime], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(holder, "close");
  const [line] = (await Promise.race([once(createInterface(holder.stdout), "line"), ended])) as [unknown];
  if (typeof line !== "string") throw new Error("Synapse did not start: the reason is on standard error");

  // A test that forgets to stop the server shall end all the same, and the server with it.
  holder.unref();
  for (const stream of [holder.stdin, holder.stdout] as unknown as { unref(): void }[]) stream.unref();
  return new Synapse(JSON.parse(line) as ServerState, startArguments, async () => {
    holder.ref();
    holder.stdin.end();
    await ended;
  });
}

async function run(script: "start" | "stop", args: string[]): Promise<string> {
  const child = spawn(path.join(here, script), args, { stdio: ["ignore", "pipe", "inherit"] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
  if (code !== 0) throw new Error(`synapse-dev/${script} failed: the reason is on standard error`);
  return output;
}

async function text(stream: Readable): Promise<string> {
  return (await stream.toArray()).join("");
}
