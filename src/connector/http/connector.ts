import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { AddressList } from "../../model/address-list.ts";
import type { Connector, ConnectorCheck, ConnectorContext, Intake } from "../../model/connector.ts";
import { type ListenAddress, listenText, parseListen } from "../../model/listen.ts";
import { type Answer, answer, answerBroken, type Exchange, refusalAnswer } from "./answer.ts";
import { bind } from "./listen.ts";
import { Refusal, refused, retryAfter, toRefusal } from "./refusal.ts";
import { type Desks, route } from "./router.ts";
import type { HttpSettings } from "./settings.ts";
import { Tokens } from "./tokens.ts";
import { VoiceDesk } from "./voice.ts";

const MAX_HEADER_BYTES = 8_192;
/** How often Node looks for requests whose head takes too long, against how long it may take. */
const CHECKS_PER_TIMEOUT = 4;
/** Connections that have brought no recording yet, or wait between two. */
const CONNECTIONS_BESIDE = 100;
const STOPPING_MS = 5_000;

/** Takes recordings by HTTP/1.1, and says what has become of them. */
export class HttpConnector implements Connector {
  readonly #settings: HttpSettings;
  readonly #context: ConnectorContext;
  readonly #place: ListenAddress;
  #server: Server | undefined;
  #desks: Desks | undefined;
  #started: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  readonly #running = new Set<Promise<void>>();
  readonly #latest = new WeakMap<Socket, Exchange>();

  constructor(settings: HttpSettings, context: ConnectorContext) {
    this.#settings = settings;
    this.#context = context;
    const place = parseListen(settings.listen)!;
    this.#place = "path" in place ? { path: context.path(place.path) } : place;
  }

  /** Where it listens, as the config writes it; with the port that the system chose, where that was left to it. */
  get address(): string {
    const bound = this.#server?.address() as AddressInfo | string | null | undefined;
    const isPort = typeof bound === "object" && bound !== null;
    return listenText(isPort && "host" in this.#place ? { ...this.#place, port: bound.port } : this.#place);
  }

  start(intake: Intake): Promise<void> {
    this.#started = this.#begin(intake);
    return this.#started;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  async check(): Promise<ConnectorCheck[]> {
    if (this.#server?.listening) return [{ ok: true, message: `listens on ${this.address}` }];
    if (!this.#server) return [{ ok: true, message: `will listen on ${this.address}` }];
    return [{ ok: false, message: `does not listen on ${this.address}`, cure: "start Sotto again" }];
  }

  async #begin(intake: Intake): Promise<void> {
    const { tokens, trustProxy } = this.#settings;
    this.#desks = {
      intake,
      tokens: new Tokens(tokens),
      proxies: new AddressList(trustProxy),
      voices: new VoiceDesk(intake, this.#settings, this.#context.logger),
    };
    const server = this.#makeServer();
    await bind(server, this.#place);
    server.on("error", (error) =>
      this.#context.logger.error("the HTTP server failed", { reason: error.message }),
    );
    this.#server = server;
    this.#context.logger.info("takes recordings by HTTP", { listen: this.address });
  }

  #makeServer(): Server {
    const { headersTimeout, maxRequests } = this.#settings;
    const server = createServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout,
      // bodies have limits of their own
      requestTimeout: 0,
      connectionsCheckingInterval: Math.ceil(headersTimeout / CHECKS_PER_TIMEOUT),
    });
    server.maxConnections = maxRequests + CONNECTIONS_BESIDE;
    server.on("request", (request, response) => this.#serve({ request, response, expectsContinue: false }));
    server.on("checkContinue", (request, response) =>
      this.#serve({ request, response, expectsContinue: true }),
    );
    server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
      const refusal = refused("EXPECTATION_FAILED", "this expectation cannot be met");
      this.#run(answer({ request, response, expectsContinue: false }, refusalAnswer(refusal)));
    });
    server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
      answerBroken(error, socket, this.#latest.get(socket));
    });
    return server;
  }

  #serve(exchange: Exchange): void {
    const { request, response } = exchange;
    this.#latest.set(request.socket, exchange);
    // whoever reads or writes is told
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    this.#run(this.#respond(exchange));
  }

  async #respond(exchange: Exchange): Promise<void> {
    let answered: Answer;
    try {
      if (this.#stopped) throw refused("BUSY", "Sotto stops", { headers: retryAfter(STOPPING_MS) });
      answered = await route(this.#desks!, exchange);
    } catch (thrown) {
      const refusal = toRefusal(thrown);
      this.#report(refusal.status, refusal.code, thrown);
      answered = refusalAnswer(refusal);
    }
    if (this.#stopped) exchange.response.shouldKeepAlive = false;
    await answer(exchange, answered);
  }

  /** Of what a client did wrong no more than the code is told: the rest is the client's. */
  #report(status: number, code: string, thrown: unknown): void {
    const { logger } = this.#context;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    if (status < 500 || thrown instanceof Refusal) logger.warn("a request was refused", { status, code });
    else logger.error("a recording could not be taken", { status, code, reason });
  }

  #run(work: Promise<void>): void {
    const done = work
      .catch((thrown) => this.#context.logger.error("an answer failed", { reason: String(thrown) }))
      .finally(() => this.#running.delete(done));
    this.#running.add(done);
  }

  /** What has come in whole is taken; what is still coming has as long as a recording may keep us waiting. */
  async #end(): Promise<void> {
    // whoever has started it is told why it could not
    await this.#started?.catch(() => undefined);
    const server = this.#server;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    this.#desks?.voices.hurry(this.#settings.stallTimeout);
    while (this.#running.size > 0) await Promise.all(this.#running);
    server.closeAllConnections();
    await closed;
  }
}
