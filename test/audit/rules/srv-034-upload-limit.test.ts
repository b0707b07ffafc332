import { expect, it } from "vitest";
import { uploadLimit } from "../../../src/audit/rules/srv-034-upload-limit.ts";
import { known, unread } from "../../support/facts.ts";
import { judge } from "./server.ts";

it("passes Synapse's default", () => {
  expect(judge(uploadLimit, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "A long voice message fits into an upload" }),
  ]);
});

it("passes where no limit is said", () => {
  expect(judge(uploadLimit, { uploadLimit: known(null) })).toEqual([
    expect.objectContaining({ result: "pass", message: "A long voice message fits into an upload" }),
  ]);
});

it("finds a small one", () => {
  expect(judge(uploadLimit, { uploadLimit: known(1_000_000) })).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "the homeserver takes 1000000 bytes at once, and an hour of speech has about 14400000",
      cure: expect.stringContaining("max_upload_size: 50M"),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(uploadLimit, { uploadLimit: unread("504") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "504" }),
  ]);
});
