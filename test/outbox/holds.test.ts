import { describe, expect, it } from "vitest";
import { type ErrorCode, SottoError } from "../../src/errors.ts";
import { outboxOn, throwing } from "../support/faulty-ports.ts";
import { openTestStore, ROOM } from "../support/store.ts";

// A person must look at a member first: whoever waits for the answer is refused, what waits for nobody stays.

describe.each<ErrorCode>(["IDENTITY_CHANGED", "MEMBER_NOT_ACCEPTED"])("under %s", (code) => {
  const held = new SottoError(code, "somebody must look");

  it("a message that waits stays, and goes on once nothing stands against it", async () => {
    const { outbox, encryptor, jobs, unsent } = outboxOn(openTestStore());
    const { jobId } = await outbox.accept(ROOM, { body: "Doorbell" });
    encryptor.outcomes.push(throwing(held));
    await outbox.resume();
    expect(unsent).toEqual([held]);
    expect(jobs.get(jobId)?.state).toBe("uploaded");
    await outbox.resume();
    expect(jobs.get(jobId)?.state).toBe("sent");
  });

  it("a send fails, and its message is given up: its sender was told", async () => {
    const { outbox, encryptor, jobs } = outboxOn(openTestStore());
    const job = await outbox.accept(ROOM, { body: "Doorbell" });
    encryptor.outcomes.push(throwing(held));
    await expect(outbox.send(job)).rejects.toBe(held);
    expect(jobs.get(job.jobId)).toMatchObject({ state: "failed", errorCode: code });
  });
});

it("a refusal by the policy is final, also of what waits", async () => {
  const { outbox, encryptor, jobs } = outboxOn(openTestStore());
  const { jobId } = await outbox.accept(ROOM, { body: "Doorbell" });
  encryptor.outcomes.push(throwing(new SottoError("RECIPIENTS_EXCLUDED", "no key for Bob")));
  await outbox.resume();
  expect(jobs.get(jobId)).toMatchObject({ state: "failed", errorCode: "RECIPIENTS_EXCLUDED" });
});
