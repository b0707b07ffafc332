import { expect, it } from "vitest";
import { openTestStore, ROOM } from "../support/store.ts";

it("the queue is counted by state, without what was sent; the oldest is one that still waits", () => {
  const { jobs, queueNumbers } = openTestStore();
  expect(queueNumbers()).toEqual({ depth: [], oldestMs: undefined });
  const add = (state: "encoded" | "uploaded", createdMs: number) =>
    jobs.insert({ txnId: `t${createdMs}`, roomId: ROOM, state, contentJson: "{}", createdMs });
  jobs.failed(add("uploaded", 1).jobId, "ROOM_FORBIDDEN", "no");
  jobs.sent(add("uploaded", 2).jobId, "$a");
  add("encoded", 4);
  add("encoded", 3);
  add("uploaded", 5);
  const { depth, oldestMs } = queueNumbers();
  expect(depth).toHaveLength(3);
  expect(depth).toEqual(
    expect.arrayContaining([
      { state: "encoded", jobs: 2 },
      { state: "uploaded", jobs: 1 },
      { state: "failed", jobs: 1 },
    ]),
  );
  expect(oldestMs).toBe(3);
});
