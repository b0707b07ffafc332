import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { JobState } from "../../src/model/job.ts";
import { createMetrics, type Gauges } from "../../src/service/metrics.ts";

const PAGE = join(import.meta.dirname, "../../docs/metrics.md");

const STILL: Gauges = {
  depth: () => ({}),
  oldestMs: () => undefined,
  withheld: () => ({}),
  syncAgeMs: () => undefined,
  isReady: async () => false,
  connectors: async () => [],
  patrol: () => undefined,
  stopped: () => [],
};

/** What Prometheus reads: every line but the comments. */
async function scraped(
  gauges: Partial<Gauges>,
  count?: (meter: ReturnType<typeof createMetrics>["meter"]) => void,
) {
  const metrics = createMetrics();
  onTestFinished(() => metrics.registry.clear());
  metrics.lookAt({ ...STILL, ...gauges });
  count?.(metrics.meter);
  const { text } = await metrics.exposition();
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

describe("metrics", () => {
  it("count what they are told", async () => {
    const lines = await scraped({}, (meter) => {
      meter.messageEnded("mailbox", "sent");
      meter.messageEnded("mailbox", "sent");
      meter.messageEnded("mailbox", "failed");
      meter.apiCalled("rooms/send", false);
      meter.apiCalled("rooms/send", true);
      meter.transcoded(0.3);
      meter.uploadUnreferenced();
    });
    expect(lines).toEqual(
      expect.arrayContaining([
        'sotto_messages_total{source="mailbox",result="sent"} 2',
        'sotto_messages_total{source="mailbox",result="failed"} 1',
        'matrix_api_calls{method="rooms/send"} 2',
        'matrix_api_calls_failed{method="rooms/send"} 1',
        'sotto_transcode_seconds_bucket{le="0.25"} 0',
        'sotto_transcode_seconds_bucket{le="0.5"} 1',
        "sotto_transcode_seconds_sum 0.3",
        "sotto_uploads_unreferenced_total 1",
      ]),
    );
  });

  it("look up the rest for each answer, and show a state that has become empty as empty", async () => {
    const depth: Partial<Record<JobState, number>> = { encoded: 3, sent: 900 };
    const metrics = createMetrics();
    onTestFinished(() => metrics.registry.clear());
    metrics.lookAt({
      ...STILL,
      depth: () => depth,
      oldestMs: () => (depth.encoded ? Date.now() - 60_000 : undefined),
      withheld: () => ({ "bad-attachment": 2 }),
      syncAgeMs: () => 1_500,
      isReady: async () => true,
      connectors: async () => [
        ["mailbox", true],
        ["inbox", false],
      ],
    });
    const first = (await metrics.exposition()).text;
    for (const line of [
      'sotto_queue_depth{state="encoded"} 3',
      'sotto_queue_depth{state="failed"} 0',
      'sotto_undecryptable_total{kind="bad-attachment"} 2',
      "sotto_sync_age_seconds 1.5",
      "sotto_ready 1",
      'sotto_connector_up{connector="mailbox"} 1',
      'sotto_connector_up{connector="inbox"} 0',
    ])
      expect(first.split("\n")).toContain(line);
    expect(first).not.toContain('state="sent"');
    expect(Number(/^sotto_oldest_job_age_seconds (\S+)$/m.exec(first)![1])).toBeGreaterThanOrEqual(60);
    delete depth.encoded;
    const second = (await metrics.exposition()).text;
    expect(second).toContain('sotto_queue_depth{state="encoded"} 0\n');
    expect(second).toContain("sotto_oldest_job_age_seconds 0\n");
    expect(second).toContain('sotto_undecryptable_total{kind="bad-attachment"} 2\n'); // not 4
  });

  it("stand in docs/metrics.md, each with what its help says, and no other does", async () => {
    const { registry } = createMetrics();
    onTestFinished(() => registry.clear());
    const ours = (await registry.getMetricsAsJSON()).filter(({ name }) => /^(?:sotto|matrix)_/.test(name));
    const rows = ours.map(({ name, type, help }) => {
      const { labelNames = [] } = registry.getSingleMetric(name) as unknown as { labelNames?: string[] };
      const labels = labelNames.filter((label) => label !== "le").map((label) => `\`${label}\``);
      return `| \`${name}\` | ${type} | ${labels.join(", ")} | ${help} |`;
    });
    const documented = readFileSync(PAGE, "utf8")
      .split("\n")
      .filter((line) => /^\| `(?:sotto|matrix)_/.test(line));
    expect(documented).toEqual(rows);
  });

  it("bring those of the process too", async () => {
    const lines = (await scraped({})).join("\n");
    expect(lines).toMatch(/^process_resident_memory_bytes \d+/m);
    expect(lines).toMatch(/^nodejs_eventloop_lag_seconds /m);
  });
});
