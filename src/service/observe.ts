import type { Connector } from "../model/connector.ts";
import { parseListen } from "../model/listen.ts";
import type { Meter } from "../model/meter.ts";
import type { Account } from "./account.ts";
import { ConnectorChecks } from "./connector-checks.ts";
import { type HealthServer, serveHealth } from "./health.ts";
import { readiness } from "./readiness.ts";

/** Who looks at this process from outside, through `listen` of the config. */
export interface Observer extends AsyncDisposable {
  /** Where the account counts. */
  meter: Meter;
  /**
   * Begins to answer, until it is disposed of: after the account, so that it tells of its end too.
   *
   * @param connectors by their names in the config
   * @param stopping aborted when no further work is taken
   * @returns the address, as a person would write it
   * @throws SottoError `LISTEN_FAILED`
   */
  serve(account: Account, connectors: ReadonlyMap<string, Connector>, stopping: AbortSignal): Promise<string>;
}

/** @param listen as the config has it */
export async function createObserver(listen: string): Promise<Observer> {
  // Prometheus' client takes a tenth of a second to load: only who is looked at pays
  const { createMetrics } = await import("./metrics.ts");
  const metrics = createMetrics();
  let server: HealthServer | undefined;
  return {
    meter: metrics.meter,
    async serve(account, connectors, stopping) {
      const checks = new ConnectorChecks(connectors);
      const ready = () => readiness(account, checks, stopping);
      metrics.lookAt({
        queue: () => account.store.queueNumbers(),
        withheld: () => account.withheldCounts,
        syncAgeMs: () => account.sync.standing.ageMs,
        isReady: async () => (await ready()).ready,
        connectors: async () =>
          [...(await checks.troubles())].map(([name, troubles]) => [name, troubles.length === 0]),
      });
      server = await serveHealth(parseListen(listen)!, { ready, metrics: () => metrics.exposition() });
      return server.address;
    },
    async [Symbol.asyncDispose]() {
      await server?.[Symbol.asyncDispose]();
    },
  };
}
