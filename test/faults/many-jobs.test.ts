import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { outboxOn } from "../support/faulty-ports.ts";
import { heldBytes } from "../support/memory.ts";
import { openTestStore, storeOptions } from "../support/store.ts";

const JOBS = 100_000;
const ROOMS = 20;
const MAX_GROWTH_BYTES = 16 * 1024 ** 2;

it.each(["accepted", "uploaded"] as const)(
  `${JOBS} jobs that wait, %s: a start reads one for each room, and holds no more than these`,
  async (state) => {
    const options = storeOptions();
    const folder = join(dirname(options.path), "spool");
    mkdirSync(folder);
    const first = openTestStore(options);
    first.transaction(() => {
      for (let job = 0; job < JOBS; job += 1) {
        const recordingId = job.toString(16).padStart(32, "0");
        first.jobs.insert([
          {
            ...{ state, txnId: `txn ${job}`, roomId: `!room${job % ROOMS}`, source: "list", createdMs: job },
            contentJson: JSON.stringify({ msgtype: "m.audio", body: "x".repeat(300) }),
            ...(state === "accepted" && { recordingId }),
          },
        ]);
        if (state === "accepted") writeFileSync(join(folder, recordingId), "");
      }
    });
    first.close();

    const before = heldBytes();
    const startedMs = performance.now();
    const store = openTestStore(options);
    const { outbox, gate } = outboxOn(store);
    const { get } = store.jobs;
    let read = 0;
    store.jobs.get = (jobId) => {
      read += 1;
      return get(jobId);
    };
    const begun = Promise.withResolvers<void>();
    // the first of each room is on its way, and stays there
    store.recordings.read = () => {
      begun.resolve();
      return new Readable({ read: () => undefined });
    };
    gate.putEncrypted = () => {
      begun.resolve();
      return new Promise(() => undefined);
    };
    void outbox.resume();
    await begun.promise;
    console.log(
      `${JOBS} jobs, ${state}: the first begins ${Math.round(performance.now() - startedMs)} ms after the start`,
    );
    while (read < ROOMS) await new Promise(setImmediate);
    expect(heldBytes() - before).toBeLessThan(MAX_GROWTH_BYTES);
    expect(read).toBe(ROOMS);
  },
);
