import { setTimeout as delay } from "node:timers/promises";
import { toSottoError } from "../errors.ts";
import type { Connector, ConnectorCheck } from "../model/connector.ts";

/** Who asks so often need not trouble the connectors each time. */
const FRESH_MS = 10_000;
/** A connector that does not answer its own check by then is not well. */
const PATIENCE_MS = 5_000;

/** What connectors find wrong about themselves, by their names; empty for one that is well. */
export type ConnectorTroubles = ReadonlyMap<string, readonly ConnectorCheck[]>;

/** Asks the connectors how they are, and remembers it for a while. */
export class ConnectorChecks {
  readonly #connectors: ReadonlyMap<string, Connector>;
  readonly #patienceMs: number;
  #known: { atMs: number; troubles: Promise<ConnectorTroubles> } | undefined;

  constructor(connectors: ReadonlyMap<string, Connector>, patienceMs = PATIENCE_MS) {
    this.#connectors = connectors;
    this.#patienceMs = patienceMs;
  }

  troubles(): Promise<ConnectorTroubles> {
    const nowMs = performance.now();
    if (this.#known === undefined || nowMs - this.#known.atMs > FRESH_MS) {
      this.#known = { atMs: nowMs, troubles: this.#ask() };
    }
    return this.#known.troubles;
  }

  async #ask(): Promise<ConnectorTroubles> {
    const asked = [...this.#connectors].map(async ([name, connector]) => {
      const checks = await checksOf(connector, this.#patienceMs);
      return [name, checks.filter(({ ok }) => !ok)] as const;
    });
    return new Map(await Promise.all(asked));
  }
}

/** A check that fails, or takes too long, is a trouble too. */
async function checksOf(connector: Connector, patienceMs: number): Promise<readonly ConnectorCheck[]> {
  const answered = new AbortController();
  const late = delay(patienceMs, [{ ok: false, message: "it does not say how it is" }], {
    signal: answered.signal,
    ref: false,
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([connector.check?.() ?? [], late]);
  } catch (thrown) {
    const { message, cure } = toSottoError(thrown);
    return [{ ok: false, message, cure }];
  } finally {
    answered.abort();
  }
}
