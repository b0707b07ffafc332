import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import manifest from "../../package.json" with { type: "json" };
import { SEVERITIES, type Severity } from "../model/finding.ts";
import { JOB_STATES, type JobState } from "../model/job.ts";
import type { Meter } from "../model/meter.ts";
import type { StopReason } from "../model/stopped-room.ts";
import type { WithheldCounts } from "./withheld.ts";

// The one file that knows how Prometheus wants its numbers. It is loaded only where the config has `listen`.

/** What is looked up when somebody asks, instead of being counted. */
export interface Gauges {
  /** How many voice messages are in each state; one that is left out has none. */
  depth(): Partial<Record<JobState, number>>;
  /** When the oldest that still waits was accepted: milliseconds since the epoch. */
  oldestMs(): number | undefined;
  withheld(): WithheldCounts;
  /** Undefined before the first sync. */
  syncAgeMs(): number | undefined;
  isReady(): Promise<boolean>;
  /** Whether each connector is well, by its name. */
  connectors(): Promise<Iterable<[name: string, isWell: boolean]>>;
  /** Undefined where nobody patrols. */
  patrol(): PatrolNumbers | undefined;
  /** Rooms that get nothing from us, by reason. */
  stopped(): Iterable<[because: StopReason, rooms: number]>;
}

/** What the patrol knows now. */
export interface PatrolNumbers {
  findings: Iterable<{ severity: Severity; result: "fail" | "warn" | "not-checked"; count: number }>;
  /** Since all was looked at; undefined: it never was. */
  ageMs: number | undefined;
}

export interface Metrics {
  meter: Meter;
  registry: Registry;
  /** From here on these are looked up for each answer. */
  lookAt(gauges: Gauges): void;
  /** In Prometheus' text format. */
  exposition(): Promise<{ contentType: string; text: string }>;
}

/** From what is ready at once to hours of sound. */
const TRANSCODE_BUCKETS_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  let gauges: Gauges | undefined;

  const calls = new Counter({
    name: "matrix_api_calls",
    help: "Requests to the homeserver, each attempt counted.",
    labelNames: ["method"],
    registers,
  });
  const failedCalls = new Counter({
    name: "matrix_api_calls_failed",
    help: "Those of them that got no answer of success.",
    labelNames: ["method"],
    registers,
  });
  const messages = new Counter({
    name: "sotto_messages_total",
    help: "Voice messages that are in their room (sent) or were given up (failed), by where they came from.",
    labelNames: ["source", "result"],
    registers,
  });
  const transcodes = new Histogram({
    name: "sotto_transcode_seconds",
    help: "From the first byte of a recording that was encoded anew to its last; a stream takes as long as it comes.",
    buckets: TRANSCODE_BUCKETS_SECONDS,
    registers,
  });
  const unreferenced = new Counter({
    name: "sotto_uploads_unreferenced_total",
    help: "Uploads without an answer, made again: a ciphertext may lie on the homeserver that nothing refers to.",
    registers,
  });
  new Gauge({
    name: "sotto_queue_depth",
    help: "Voice messages in the outbox, by state; failed are those that were given up and wait for a person.",
    labelNames: ["state"],
    registers,
    collect() {
      const depth = gauges?.depth() ?? {};
      for (const state of JOB_STATES) if (state !== "sent") this.set({ state }, depth[state] ?? 0);
    },
  });
  new Gauge({
    name: "sotto_oldest_job_age_seconds",
    help: "Age of the oldest voice message that is neither sent nor given up; 0 where there is none.",
    registers,
    collect() {
      const oldestMs = gauges?.oldestMs();
      this.set(oldestMs === undefined ? 0 : Math.max(0, Date.now() - oldestMs) / 1000);
    },
  });
  new Counter({
    name: "sotto_undecryptable_total",
    help: "Messages that arrived and were reported as not handed on, by kind.",
    labelNames: ["kind"],
    registers,
    collect() {
      this.reset();
      for (const [kind, count] of Object.entries(gauges?.withheld() ?? {})) this.inc({ kind }, count);
    },
  });
  new Gauge({
    name: "sotto_sync_age_seconds",
    help: "Since the homeserver's last answer was applied; -1 before the first one.",
    registers,
    collect() {
      const ageMs = gauges?.syncAgeMs();
      this.set(ageMs === undefined ? -1 : ageMs / 1000);
    },
  });
  new Gauge({
    name: "sotto_ready",
    help: "1 where /ready answers 200.",
    registers,
    async collect() {
      this.set((await gauges?.isReady()) ? 1 : 0);
    },
  });
  new Gauge({
    name: "sotto_connector_up",
    help: "1 for a connector that finds nothing wrong about itself.",
    labelNames: ["connector"],
    registers,
    async collect() {
      this.reset();
      for (const [connector, isWell] of (await gauges?.connectors()) ?? [])
        this.set({ connector }, isWell ? 1 : 0);
    },
  });
  new Gauge({
    name: "sotto_findings",
    help: "What the patrol has found and nobody has accepted, and what it could not check when it last looked at all.",
    labelNames: ["severity", "result"],
    registers,
    collect() {
      this.reset();
      const numbers = gauges?.patrol();
      if (!numbers) return;
      for (const severity of SEVERITIES)
        for (const result of ["fail", "warn", "not-checked"]) this.set({ severity, result }, 0);
      for (const { severity, result, count } of numbers.findings) this.set({ severity, result }, count);
    },
  });
  new Gauge({
    name: "sotto_patrol_age_seconds",
    help: "Since the patrol has looked at all; -1 before the first time.",
    registers,
    collect() {
      const numbers = gauges?.patrol();
      this.reset();
      if (numbers) this.set(numbers.ageMs === undefined ? -1 : numbers.ageMs / 1000);
    },
  });
  new Gauge({
    name: "sotto_rooms_stopped",
    help: "Rooms that get nothing, by reason: evacuated, or below the policy.",
    labelNames: ["because"],
    registers,
    collect() {
      for (const [because, rooms] of gauges?.stopped() ?? []) this.set({ because }, rooms);
    },
  });
  new Gauge({
    name: "sotto_build_info",
    help: "Always 1.",
    labelNames: ["version"],
    registers,
  }).set({ version: manifest.version }, 1);
  collectDefaultMetrics({ register: registry });

  return {
    registry,
    meter: {
      messageEnded: (source, result) => messages.inc({ source, result }),
      transcoded: (seconds) => transcodes.observe(seconds),
      apiCalled(method, failed) {
        calls.inc({ method });
        if (failed) failedCalls.inc({ method });
      },
      uploadUnreferenced: () => unreferenced.inc(),
    },
    lookAt(sources) {
      gauges = sources;
    },
    exposition: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}
