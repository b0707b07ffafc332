import { readStoreKey } from "../../config/index.ts";
import type { ConnectorType } from "../../connector/index.ts";
import { SottoError, toSottoError } from "../../errors.ts";
import type { Connector } from "../../model/connector.ts";
import type { RoomId } from "../../model/ids.ts";
import { Serial } from "../../serial.ts";
import type { Account } from "../account.ts";
import type { RelayCheck } from "../connector-checks.ts";
import { Commands } from "../room/commands.ts";
import { receiveForService } from "../room/receiving.ts";
import { Signals } from "../room/signals.ts";
import { Successions } from "../room/successions.ts";
import { signerOf } from "../signer.ts";
import { Destinations } from "./destinations.ts";
import { HandOver, type Receiving } from "./hand-over.ts";
import { createIntake } from "./intake.ts";
import { isRoom, keyOf, type Route } from "./routes.ts";

export interface RelayOptions {
  /** Kinds of connectors besides those of the house. */
  connectorTypes?: readonly ConnectorType[];
}

/** What the config says of connectors and routes. */
export type RelayPlan = Pick<Account["config"], "connectors" | "routes" | "pathOf">;

/** Connectors and rooms, joined by the routes of the config. */
export class Relay implements AsyncDisposable {
  readonly #account: Account;
  readonly #types: ReadonlyMap<string, ConnectorType>;
  readonly #connectors = new Map<string, Connector>();
  readonly #started = new Set<string>();
  readonly #troubles = new Map<string, SottoError>();
  readonly #stopping = new AbortController();
  readonly #changes = new Serial();
  readonly #signals: Signals;
  readonly #successions: Successions;
  readonly #handOver: HandOver;
  #destinations: Destinations;
  #routes: readonly Route[] = [];
  #receiving: Promise<void> | undefined;

  private constructor(account: Account, types: readonly ConnectorType[]) {
    this.#account = account;
    this.#types = new Map(types.map((type) => [type.type, type]));
    this.#destinations = new Destinations(account);
    this.#signals = new Signals(account);
    this.#successions = new Successions(account, () => this.#roomIds());
    this.#handOver = new HandOver(account, this.#signals, this.#stopping.signal);
    account.routed = (roomId) => this.#handOver.isRouted(roomId);
  }

  /**
   * Starts what the config names. One connector that cannot start keeps no other from its work: it shows in `checks`.
   *
   * @throws SottoError `CONFIG_INVALID` where a route joins what cannot be joined
   */
  static async start(account: Account, { connectorTypes = [] }: RelayOptions = {}): Promise<Relay> {
    // a program that only sends loads none of them
    const { CONNECTORS } = await import("../../connector/index.ts");
    const relay = new Relay(account, [...CONNECTORS, ...connectorTypes]);
    await relay.#begin(account.config);
    return relay;
  }

  /** Ends what is not in the new plan any more, and begins what is new in it. Nothing changes where it is wrong. */
  reload(plan: RelayPlan): Promise<void> {
    // one after another: whoever asks twice would else start everything twice
    return this.#changes.run("plan", async () => {
      this.#stopping.signal.throwIfAborted();
      await this.#requirePlan(plan);
      await this.#end();
      await this.#begin(plan);
    });
  }

  /** What each connector and each route's room says of itself. */
  async checks(): Promise<RelayCheck[]> {
    const own = [...this.#connectors].map(async ([connector, made]) => {
      const trouble = this.#troubles.get(connector);
      if (trouble) return [{ connector, ok: false, message: trouble.message, cure: trouble.cure }];
      const checks = (await made.check?.()) ?? [{ ok: true, message: "it runs" }];
      return checks.map((check) => ({ connector, ...check }));
    });
    const rooms = [...this.#destinations.troubles()].map(([room, { message, cure }]) => {
      const doubt = this.#successions.doubt(this.#destinations.source(room) ?? room);
      return { connector: room, ok: false, message: doubt ? `${message}: ${doubt}` : message, cure };
    });
    return [...(await Promise.all(own)).flat(), ...rooms, ...this.#redactionCheck()];
  }

  /** Those that begin or end in the room. */
  routesOf(roomId: RoomId): Route[] {
    const isHere = (end: string): boolean => isRoom(end) && this.#destinations.source(end) === roomId;
    return this.#routes.filter(({ from, to }) => isHere(from) || isHere(to));
  }

  /** What the operator may not expect, though nothing is wrong with it. */
  #redactionCheck(): RelayCheck[] {
    const relay = this.#routes.find(({ from, to }) => isRoom(from) && isRoom(to));
    if (!relay || this.#account.gate.clearTypes.redactions) return [];
    const message = `what is redacted in it stays in ${relay.to}: clearEvents.redactions does not allow it`;
    return [{ connector: relay.from, ok: true, message }];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new SottoError("STOPPED", "the service stops"));
    this.#signals[Symbol.dispose]();
    this.#successions[Symbol.dispose]();
    await Promise.all([this.#changes.run("plan", () => this.#end()), this.#handOver.ended()]);
    await this.#receiving;
  }

  async #begin(plan: RelayPlan): Promise<void> {
    const made = await this.#requirePlan(plan);
    // in one step: a message may be handed over meanwhile
    this.#connectors.clear();
    for (const [name, connector] of made) this.#connectors.set(name, connector);
    this.#routes = plan.routes;
    this.#destinations = new Destinations(this.#account);
    this.#handOver.join(this.#receivers());
    const targets = new Set(plan.routes.map(({ to }) => to));
    const sourceRooms = new Set(plan.routes.map(({ from }) => from).filter((from) => !targets.has(from)));
    await this.#destinations.know(this.#roomNames(), sourceRooms);
    void this.#successions.look();
    const sources = new Set(plan.routes.map(({ from }) => from).filter((from) => !isRoom(from)));
    await Promise.all([...sources].map((name) => this.#start(name)));
    const isAsked = this.#account.config.commandsFrom.length > 0;
    if (isAsked || plan.routes.some(({ from }) => isRoom(from))) this.#receiving ??= this.#receive();
  }

  async #end(): Promise<void> {
    this.#destinations[Symbol.dispose]();
    const stopping = [...this.#connectors.values()].map(async (connector) => connector.stop?.());
    for (const ended of await Promise.allSettled(stopping)) {
      if (ended.status === "rejected") this.#tell("a connector did not stop well", ended.reason);
    }
    this.#started.clear();
    this.#troubles.clear();
  }

  /** Every connector that a route names, made but not started. */
  async #requirePlan({ connectors, routes, pathOf }: RelayPlan): Promise<Map<string, Connector>> {
    const made = new Map<string, Connector>();
    for (const route of routes) {
      for (const [end, power] of [
        [route.from, "start"],
        [route.to, "deliver"],
      ] as const) {
        if (isRoom(end)) continue;
        const connector = made.get(end) ?? (await this.#make(end, connectors[end], pathOf));
        made.set(end, connector);
        if (connector[power]) continue;
        const what = power === "start" ? "brings no recordings" : "takes no voice messages";
        throw new SottoError("CONFIG_INVALID", `the route ${keyOf(route)} cannot work: ${end} ${what}`);
      }
      if (!isRoom(route.from) && !isRoom(route.to))
        throw new SottoError("CONFIG_INVALID", `the route ${keyOf(route)} leads past every room`);
    }
    return made;
  }

  async #make(
    name: string,
    settings: { type: string } | undefined,
    pathOf: RelayPlan["pathOf"],
  ): Promise<Connector> {
    if (!settings)
      throw new SottoError("CONFIG_INVALID", `a route names ${name}, and there is no such connector`);
    const type = this.#types.get(settings.type);
    if (!type)
      throw new SottoError("CONFIG_INVALID", `connectors.${name}: there is no type ${settings.type}`);
    const { logger, config } = this.#account;
    const { data, error } = type.settings.safeParse(settings);
    if (!data) throw new SottoError("CONFIG_INVALID", wrongSettings(name, error));
    const make = await type.load();
    return make(data, {
      name,
      logger,
      path: (written) => pathOf(name, written),
      signer: signerOf(readStoreKey(config), "archive signature"),
    });
  }

  async #start(name: string): Promise<void> {
    const routes = (): Route[] => this.#routes.filter(({ from }) => from === name);
    const intake = createIntake({
      ...{ account: this.#account, destinations: this.#destinations, source: name, routes },
    });
    try {
      await this.#connectors.get(name)?.start?.(intake);
      this.#started.add(name);
    } catch (thrown) {
      this.#troubles.set(name, toSottoError(thrown));
      this.#tell("a connector cannot start", thrown, { connector: name });
    }
  }

  /** Who takes what comes out of rooms. */
  #receivers(): Receiving[] {
    const destinations = this.#destinations;
    return this.#routes
      .filter(({ from }) => isRoom(from))
      .map((route) => {
        const connector = this.#connectors.get(route.to);
        const deliver = connector?.deliver?.bind(connector);
        const account = this.#account;
        const intakeFrom = (source: RoomId) =>
          createIntake({ account, destinations, source, routes: () => [route], isRelay: true });
        return {
          key: keyOf(route),
          roomId: () => destinations.source(route.from),
          to: deliver ? { connector: { deliver } } : { intakeFrom },
        };
      });
  }

  #roomNames = (): string[] => this.#routes.flatMap(({ from, to }) => [from, to]).filter(isRoom);

  #roomIds(): RoomId[] {
    return this.#roomNames().flatMap((room) => this.#destinations.source(room) ?? []);
  }

  async #receive(): Promise<void> {
    const stopping = this.#stopping.signal;
    await receiveForService(this.#account, {
      ...{ handOver: this.#handOver, stopping },
      commands: new Commands(this.#account, this),
    });
  }

  #tell(what: string, thrown: unknown, fields: Record<string, unknown> = {}): void {
    const { code, message, cure } = toSottoError(thrown);
    this.#account.logger.error(what, { ...fields, code, reason: message, cure });
  }
}

/** Without any value: it may be a secret in the wrong place. */
const wrongSettings = (
  name: string,
  { issues }: { issues: { path: PropertyKey[]; message: string }[] },
): string =>
  issues.map(({ path, message }) => `${["connectors", name, ...path].join(".")}: ${message}`).join("\n");
