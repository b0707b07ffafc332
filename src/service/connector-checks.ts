import { setTimeout as delay } from "node:timers/promises";
import { toSottoError } from "../errors.ts";
import type { ConnectorCheck } from "../model/connector.ts";

/** What the relay finds, with the connector, or the room of a route, that it found it of. */
export type RelayCheck = ConnectorCheck & { connector: string };

/** Who asks so often need not trouble the connectors each time. */
const FRESH_MS = 10_000;
/** Who does not say by then how it is, is not well. */
const PATIENCE_MS = 5_000;

/** Asks the connectors how they are, and remembers it for a while. */
export class ConnectorChecks {
  readonly #ask: () => Promise<readonly RelayCheck[]>;
  readonly #patienceMs: number;
  #known: { atMs: number; checks: Promise<readonly RelayCheck[]> } | undefined;

  constructor(ask: () => Promise<readonly RelayCheck[]>, patienceMs = PATIENCE_MS) {
    this.#ask = ask;
    this.#patienceMs = patienceMs;
  }

  /** A check that fails, or takes too long, is found of all of them. */
  all(): Promise<readonly RelayCheck[]> {
    const nowMs = performance.now();
    if (this.#known === undefined || nowMs - this.#known.atMs > FRESH_MS) {
      this.#known = { atMs: nowMs, checks: this.#look() };
    }
    return this.#known.checks;
  }

  async #look(): Promise<readonly RelayCheck[]> {
    const answered = new AbortController();
    const late: RelayCheck = { connector: "all", ok: false, message: "they do not say how they are" };
    const tooLate = delay(this.#patienceMs, [late], { signal: answered.signal, ref: false });
    tooLate.catch(() => undefined);
    try {
      return await Promise.race([this.#ask(), tooLate]);
    } catch (thrown) {
      const { message, cure } = toSottoError(thrown);
      return [{ connector: "all", ok: false, message, cure }];
    } finally {
      answered.abort();
    }
  }
}
