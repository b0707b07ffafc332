import { describe, expect, it, onTestFinished, vi } from "vitest";
import { SottoError } from "../../src/errors.ts";
import { createLogger } from "../../src/log.ts";
import { BackupUploads } from "../../src/service/recovery/uploads.ts";

/** A backup that answers each upload as it is told to, under a clock of the test's own. */
function uploads({ enabled = true, running = true } = {}) {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const said: string[] = [];
  const answers: (boolean | SottoError | Promise<never>)[] = [];
  const sleep = (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      setTimeout(resolve, ms);
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve());
    });
  const counts = { uploads: 0, checks: 0 };
  let trust: "signed" | "refused" = "signed";
  let newKey = (): void => undefined;
  let batch = (): void => undefined;
  const uploader = new BackupUploads({
    sleep,
    logger: createLogger({ level: "warn", json: false, write: (line) => said.push(line) }),
    sync: {
      isRunning: running,
      onBatch: (listener) => {
        batch = listener;
        return () => (batch = () => undefined);
      },
    },
    crypto: {
      onRoomKeys: (listener) => {
        newKey = () => listener([]);
      },
      backup: {
        isEnabled: async () => enabled,
        async check() {
          counts.checks += 1;
          enabled = trust === "signed";
          return { trust, uploading: enabled, version: "2" };
        },
        async uploadNext() {
          counts.uploads += 1;
          const answer = answers.shift() ?? false;
          if (answer instanceof SottoError) throw answer;
          return answer;
        },
      } as never,
    },
  });
  onTestFinished(() => void uploader.stop());
  const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
  return {
    ...{ uploader, said, answers, counts, settle },
    newKey: () => newKey(),
    batch: () => batch(),
    refuse: () => (trust = "refused"),
  };
}

const limited = () => new SottoError("RATE_LIMITED", "too fast", { retryAfterMs: 60_000 });
const changed = () => new SottoError("BACKUP_CHANGED", "another version");

describe("the key backup", () => {
  it("is brought up to date with the first batch of a sync, and when a key comes", async () => {
    const { answers, counts, settle, newKey, batch } = uploads();
    answers.push(true, true);
    batch();
    await settle();
    expect(counts.uploads).toBe(3);
    batch();
    await settle();
    expect(counts.uploads).toBe(3);
    newKey();
    await settle();
    expect(counts.uploads).toBe(4);
  });

  it("waits as long as the homeserver asks for, and goes on", async () => {
    const { answers, counts, settle, newKey } = uploads();
    answers.push(limited(), true);
    newKey();
    await settle(59_000);
    expect(counts.uploads).toBe(1);
    await settle(2_000);
    expect(counts.uploads).toBe(3);
  });

  it("goes on with a version that is trusted, and stops at one that is not, with a warning", async () => {
    const { answers, counts, settle, newKey, refuse, said } = uploads();
    answers.push(changed(), true);
    newKey();
    await settle();
    expect(counts).toEqual({ uploads: 3, checks: 1 });
    refuse();
    answers.push(changed());
    newKey();
    await settle();
    expect(counts).toEqual({ uploads: 4, checks: 2 });
    expect(said.join()).toContain("not ours");
    newKey();
    await settle(3_600_000);
    expect(counts.uploads).toBe(4);
  });

  it("is asked about by a process that stays, once an hour, and never by a command that ends", async () => {
    const staying = uploads({ enabled: false });
    staying.refuse();
    for (const _key of [1, 2]) {
      staying.newKey();
      await staying.settle();
    }
    expect(staying.counts).toEqual({ uploads: 0, checks: 1 });
    await staying.settle(3_600_000);
    staying.newKey();
    await staying.settle();
    expect(staying.counts).toEqual({ uploads: 0, checks: 2 });
    const passing = uploads({ enabled: false, running: false });
    passing.newKey();
    await passing.settle();
    expect(passing.counts).toEqual({ uploads: 0, checks: 0 });
  });

  it("keeps nobody from closing: what waits is not waited for, what hangs only for a moment", async () => {
    for (const [answer, ms] of [
      [limited(), 0],
      [new Promise<never>(() => undefined), 2_001],
    ] as const) {
      const { uploader, answers, settle, newKey } = uploads();
      answers.push(answer);
      newKey();
      await settle();
      let closed = false;
      uploader.stop().then(() => {
        closed = true;
      });
      await settle();
      expect(closed).toBe(ms === 0);
      await settle(ms);
      expect(closed).toBe(true);
    }
  });
});
