import { expect, it } from "vitest";
import { mediaRetention } from "../../../src/audit/rules/srv-005-media-retention.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes where they are", () => {
  expect(judge(mediaRetention, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "Recordings are deleted some day" }),
  ]);
});

it("finds that they are not", () => {
  expect(
    judge(mediaRetention, config({ mediaRetention: { localLifetimeMs: null, remoteLifetimeMs: 1 } })),
  ).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "the homeserver keeps uploaded recordings for ever",
      cure: expect.stringContaining("local_media_lifetime: 1y"),
    }),
  ]);
});

it("asks nothing where the policy does not", () => {
  expect(
    judge(mediaRetention, config({ mediaRetention: { localLifetimeMs: null, remoteLifetimeMs: null } }), {
      retention: false,
    }),
  ).toEqual([
    expect.objectContaining({ result: "not-applicable", message: "the policy does not ask for it" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(mediaRetention, { config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
