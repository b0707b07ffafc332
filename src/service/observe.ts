import type { Severity } from "../model/finding.ts";
import { parseListen } from "../model/listen.ts";
import type { Meter } from "../model/meter.ts";
import type { StopReason } from "../model/stopped-room.ts";
import type { Account } from "./account.ts";
import { ConnectorChecks, type RelayCheck } from "./connector-checks.ts";
import { type HealthServer, serveHealth } from "./health.ts";
import type { PatrolNumbers } from "./metrics.ts";
import { readiness } from "./readiness.ts";
import { isRoom } from "./relay/routes.ts";

/** Who looks at this process from outside, through `listen` of the config. */
export interface Observer extends AsyncDisposable {
  /** Where the account counts. */
  meter: Meter;
  /**
   * Begins to answer, until it is disposed of: after the account, so that it tells of its end too.
   *
   * @param stopping aborted when no further work is taken
   * @returns the address, as a person would write it
   * @throws SottoError `LISTEN_FAILED`
   */
  serve(account: Account, stopping: AbortSignal): Promise<string>;
  /** From here on it can be ready. @param checks - what connectors and routes say of themselves */
  started(checks: () => Promise<readonly RelayCheck[]>): void;
}

/** @param listen as the config has it */
export async function createObserver(listen: string): Promise<Observer> {
  // Prometheus' client takes a tenth of a second to load: only who is looked at pays
  const { createMetrics } = await import("./metrics.ts");
  const metrics = createMetrics();
  let server: HealthServer | undefined;
  let connectors: ConnectorChecks | undefined;
  return {
    meter: metrics.meter,
    started(checks) {
      connectors = new ConnectorChecks(checks);
    },
    async serve(account, stopping) {
      const ready = () => readiness(account, connectors, stopping);
      metrics.lookAt({
        depth: () => account.store.jobs.counts(),
        oldestMs: () => account.store.jobs.oldestOpenMs(),
        withheld: () => account.withheldCounts,
        syncAgeMs: () => account.sync.standing.ageMs,
        isReady: async () => (await ready()).ready,
        connectors: async () => wellness((await connectors?.all()) ?? []),
        patrol: () => (account.config.patrol ? patrolNumbers(account) : undefined),
        stopped: () => stoppedRooms(account),
      });
      server = await serveHealth(parseListen(listen)!, { ready, metrics: () => metrics.exposition() });
      return server.address;
    },
    async [Symbol.asyncDispose]() {
      await server?.[Symbol.asyncDispose]();
    },
  };
}

/** Of connectors alone, each of which may have found several things. */
function wellness(checks: readonly RelayCheck[]): Map<string, boolean> {
  const well = new Map<string, boolean>();
  for (const { connector, ok } of checks) {
    if (!isRoom(connector)) well.set(connector, ok && (well.get(connector) ?? true));
  }
  return well;
}

function patrolNumbers({ store }: Account): PatrolNumbers {
  const last = store.patrol.last();
  const notChecked = Object.entries(last?.notChecked ?? {}) as [Severity, number][];
  return {
    findings: [
      ...store.patrol.counts(),
      ...notChecked.map(([severity, count]) => ({ severity, result: "not-checked" as const, count })),
    ],
    ageMs: last && Math.max(0, Date.now() - last.atMs),
  };
}

function stoppedRooms({ store }: Account): [StopReason, number][] {
  const reasons = store.stoppedRooms.all().map(({ because }) => because);
  return (["evacuated", "policy"] as const).map((one) => [
    one,
    reasons.filter((because) => because === one).length,
  ]);
}
