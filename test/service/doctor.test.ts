import { describe, expect, it } from "vitest";
import type { Account } from "../../src/service/account.ts";
import { checkAccount } from "../../src/service/doctor.ts";
import { insertJob, openTestStore, ROOM } from "../support/store.ts";

/** What doctor says of an outbox; there is no homeserver here, which the other checks say. */
async function checksOf(fill: (jobs: Account["store"]["jobs"]) => void) {
  const store = openTestStore();
  fill(store.jobs);
  const config = { account: { userId: "@voice:example.org", deviceId: "SOTTO1" } };
  const checks = await checkAccount({ store, config, held: { back: 0 } } as unknown as Account);
  return Object.fromEntries(checks.map((check) => [check.name, check]));
}

describe("doctor looks into the outbox", () => {
  it("and tells what will be sent from what may have arrived or not", async () => {
    const checks = await checksOf((jobs) => {
      const message = { roomId: ROOM, state: "uploaded" as const, contentJson: "{}", createdMs: 0 };
      insertJob(jobs, { ...message, txnId: "waits" });
      jobs.failed(insertJob(jobs, { ...message, txnId: "lost" }), {
        code: "SEND_UNCERTAIN",
        message: "nobody knows",
      });
      jobs.failed(insertJob(jobs, { ...message, txnId: "refused" }), {
        code: "ROOM_FORBIDDEN",
        message: "no",
      });
    });
    expect(checks.outbox).toMatchObject({
      result: "warn",
      message: expect.stringMatching(/^1 /),
      cure: expect.stringContaining("sotto run"),
    });
    expect(checks.uncertain).toMatchObject({ result: "warn", message: expect.stringMatching(/^1 /) });
    expect(checks.uncertain?.message).toContain(ROOM);
    expect(checks.uncertain?.cure).toMatch(/look into the room/);
    expect(checks.uncertain?.cure).not.toContain("sotto run");
  });

  it("and finds nothing in an empty one", async () => {
    const checks = await checksOf(() => undefined);
    expect([checks.outbox?.result, checks.uncertain?.result]).toEqual(["pass", "pass"]);
  });
});
