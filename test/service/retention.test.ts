import { expect, it } from "vitest";
import { dailyPruning } from "../../src/service/retention.ts";
import { insertJob, openTestStore, ROOM } from "../support/store.ts";

const REFUSED = { code: "ROOM_FORBIDDEN", message: "no" };
const DAY_MS = 86_400_000;

it("what the config keeps no longer goes once a day, also over restarts", () => {
  const store = openTestStore();
  const retention = { failed: 30 * DAY_MS, history: 180 * DAY_MS };
  let nowMs = 1_000 * DAY_MS;
  const jobs = () => store.jobs.list(9).map(({ txnId }) => txnId);
  const fail = (txnId: string) => {
    const job = insertJob(store.jobs, {
      txnId,
      roomId: ROOM,
      state: "uploaded",
      contentJson: "{}",
      createdMs: nowMs,
    });
    store.jobs.failed(job, REFUSED, nowMs);
  };
  const start = () => dailyPruning({ retention }, store, () => nowMs);
  let prune = start();
  fail("first");
  prune();
  nowMs += 30 * DAY_MS - 1;
  fail("second");
  prune();
  nowMs += 2;
  prune();
  start()();
  expect(jobs()).toEqual(["second", "first"]); // it was done a moment ago
  nowMs += DAY_MS;
  prune = start();
  prune();
  expect(jobs()).toEqual(["second"]);
});
