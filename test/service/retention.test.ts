import { expect, it } from "vitest";
import { dailyPruning } from "../../src/service/retention.ts";
import { insertJob, openTestStore, ROOM } from "../support/store.ts";

const REFUSED = { code: "ROOM_FORBIDDEN", message: "no" };
const DAY_MS = 86_400_000;

function retaining() {
  const store = openTestStore();
  const retention = { failed: 30 * DAY_MS, history: 180 * DAY_MS };
  const at = { ms: 1_000 * DAY_MS };
  return {
    at,
    start: () => dailyPruning({ retention }, store, () => at.ms),
    jobs: () => store.jobs.list(9).map(({ txnId }) => txnId),
    fail(txnId: string) {
      const job = insertJob(store.jobs, {
        txnId,
        roomId: ROOM,
        state: "uploaded",
        contentJson: "{}",
        createdMs: at.ms,
      });
      store.jobs.failed(job, REFUSED, at.ms);
    },
  };
}

it("what the config keeps no longer goes once a day, also over restarts", () => {
  const { at, start, jobs, fail } = retaining();
  let prune = start();
  fail("first");
  prune();
  at.ms += 30 * DAY_MS - 1;
  fail("second");
  prune();
  at.ms += 2;
  prune();
  start()();
  expect(jobs()).toEqual(["second", "first"]); // it was done a moment ago
  at.ms += DAY_MS;
  prune = start();
  prune();
  expect(jobs()).toEqual(["second"]);
});

it("a clock that was ahead for a moment, however often, lets go of nothing", () => {
  const { at, start, jobs, fail } = retaining();
  start()();
  at.ms += DAY_MS;
  fail("of today");
  const todayMs = at.ms;
  for (const daysAhead of [0, 60, 0, 400, 20, 0, 50]) {
    at.ms = todayMs + daysAhead * DAY_MS;
    start()();
  }
  at.ms = todayMs + 29 * DAY_MS;
  start()();
  expect(jobs()).toEqual(["of today"]);
});
