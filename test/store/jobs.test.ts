import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { insertJob, openTestStore, ROOM, storeOptions } from "../support/store.ts";

const CLEAR = JSON.stringify({ body: "Doorbell", file: { key: { k: "attachment-key-in-clear" } } });
const FROZEN = {
  eventJson: JSON.stringify({ algorithm: "m.megolm.v1.aes-sha2", ciphertext: "AwgA" }),
  sessionId: "session",
  messageIndex: 0,
  firstPutMs: 2_000,
};
const accepted = (txnId: string, contentJson = CLEAR) => ({
  txnId,
  roomId: ROOM,
  state: "uploaded" as const,
  contentJson,
  createdMs: 1_000,
});

/** Every byte that lies in the store's directory. */
const allBytes = (path: string): Buffer =>
  Buffer.concat(readdirSync(dirname(path)).map((name) => readFileSync(join(dirname(path), name))));

describe("a job", () => {
  it("is accepted with its content and its transaction ID", () => {
    const { jobs } = openTestStore();
    const job = insertJob(jobs, accepted("txn1"));
    expect(job).toMatchObject({ txnId: "txn1", roomId: ROOM, state: "uploaded", contentJson: CLEAR });
    expect(job).toMatchObject({
      eventJson: undefined,
      firstPutMs: undefined,
      eventId: undefined,
      createdMs: 1_000,
    });
    expect(jobs.get(job.jobId)).toEqual(job);
    expect(jobs.get(job.jobId + 1)).toBeUndefined();
  });

  it("has a number that no other ever gets", () => {
    const { jobs } = openTestStore();
    const job = insertJob(jobs, accepted("txn1"));
    jobs.remove(job);
    expect(insertJob(jobs, accepted("txn2")).jobId).not.toBe(job.jobId);
  });

  it("has a transaction ID of its own", () => {
    const { jobs } = openTestStore();
    insertJob(jobs, accepted("txn1"));
    expect(() => insertJob(jobs, accepted("txn1"))).toThrow();
  });

  it("keeps the frozen event byte for byte, and the time of the first request", () => {
    const { jobs } = openTestStore();
    const job = insertJob(jobs, accepted("txn1"));
    const { jobId } = job;
    const odd = '{"b":1,  "a":"\u00e9\\u00e9"}';
    const frozen = jobs.freeze(job, { ...FROZEN, eventJson: odd });
    expect(jobs.get(jobId)).toEqual(frozen);
    expect(frozen).toMatchObject({
      state: "encrypted",
      eventJson: odd,
      sessionId: "session",
      firstPutMs: 2_000,
    });
  });

  it("that was sent has its event ID and no content any more", () => {
    const { jobs } = openTestStore();
    const job = insertJob(jobs, accepted("txn1"));
    const { jobId } = job;
    jobs.freeze(job, FROZEN);
    jobs.sent(jobId, "$event");
    expect(jobs.get(jobId)).toMatchObject({
      state: "sent",
      eventId: "$event",
      contentJson: undefined,
      eventJson: undefined,
    });
  });

  it("that was given up keeps its reason and its content for a person to look at", () => {
    const { jobs } = openTestStore();
    const job = insertJob(jobs, accepted("txn1"));
    jobs.failed(job, { code: "ROOM_FORBIDDEN", message: "the account may not send" });
    expect(jobs.get(job.jobId)).toMatchObject({
      state: "failed",
      errorCode: "ROOM_FORBIDDEN",
      errorMessage: "the account may not send",
      contentJson: CLEAR,
    });
  });

  it("is there after a restart, in whatever state it was", () => {
    const options = storeOptions();
    const first = openTestStore(options);
    const job = insertJob(first.jobs, accepted("txn1"));
    const { jobId } = job;
    first.jobs.freeze(job, FROZEN);
    const before = first.jobs.get(jobId);
    first.close();
    expect(openTestStore(options).jobs.get(jobId)).toEqual(before);
  });
});

describe("the open jobs", () => {
  it("are those accepted and encrypted, oldest first", () => {
    const { jobs } = openTestStore();
    const [one, two, three, four] = ["1", "2", "3", "4"].map((txnId) => insertJob(jobs, accepted(txnId)));
    jobs.freeze(two!, FROZEN);
    jobs.sent(three!.jobId, "$event");
    jobs.failed(four!, { code: "INTERNAL", message: "reason" });
    expect(jobs.open().map(({ jobId }) => jobId)).toEqual([one!.jobId, two!.jobId]);
    expect(jobs.list(3).map(({ txnId }) => txnId)).toEqual(["4", "3", "2"]);
  });
});

describe("at rest", () => {
  it("no byte on the disk shows the content, in any state of the job", () => {
    const options = storeOptions();
    const { jobs, close } = openTestStore(options);
    const [open, frozen, failed] = ["1", "2", "3"].map((txnId) => insertJob(jobs, accepted(txnId)));
    jobs.freeze(frozen!, FROZEN);
    jobs.failed(failed!, { code: "INTERNAL", message: "reason" });
    expect(jobs.get(open!.jobId)?.contentJson).toBe(CLEAR);
    close();
    const bytes = allBytes(options.path);
    expect(bytes.includes("sealed_content")).toBe(true);
    for (const clear of ["Doorbell", "attachment-key-in-clear"]) expect(bytes.includes(clear)).toBe(false);
    expect(bytes.includes(Buffer.from(options.key))).toBe(false);
  });

  it("a content that was moved to another job does not open", () => {
    const options = storeOptions();
    const first = openTestStore(options);
    const [one, two] = [
      insertJob(first.jobs, accepted("txn1", '{"to":"one"}')),
      insertJob(first.jobs, accepted("txn2")),
    ];
    first.close();
    const raw = new DatabaseSync(options.path);
    raw
      .prepare(
        "UPDATE job SET sealed_content = (SELECT sealed_content FROM job WHERE job_id = ?) WHERE job_id = ?",
      )
      .run(one.jobId, two.jobId);
    raw.close();
    const { jobs } = openTestStore(options);
    expect(() => jobs.get(two.jobId)).toThrow(expect.objectContaining({ code: "STORE_DAMAGED" }));
    expect(jobs.get(one.jobId)?.contentJson).toBe('{"to":"one"}');
  });
});
