import { expect, it } from "vitest";
import { mediaOutlived } from "../../../src/audit/rules/srv-006-media-outlived.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes where they do", () => {
  expect(judge(mediaOutlived, {})).toEqual([
    expect.objectContaining({
      result: "pass",
      message: "Recordings live as long as the messages that name them",
    }),
  ]);
});

it("finds a shorter life", () => {
  expect(
    judge(
      mediaOutlived,
      config({ mediaRetention: { localLifetimeMs: 7 * 86_400_000, remoteLifetimeMs: null } }),
    ),
  ).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "recordings that nobody plays are deleted after 7 days, and messages are kept for 365 days",
      cure: expect.stringContaining("local_media_lifetime"),
    }),
  ]);
});

it("finds it where messages are kept for ever", () => {
  expect(judge(mediaOutlived, config({ retention: { isEnabled: false, maxLifetimeMs: 1 } }))).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "recordings that nobody plays are deleted after 366 days, and messages are kept for ever",
    }),
  ]);
});

it("has nothing to say where media are kept", () => {
  expect(
    judge(mediaOutlived, config({ mediaRetention: { localLifetimeMs: null, remoteLifetimeMs: 1 } })),
  ).toEqual([expect.objectContaining({ result: "not-applicable", message: "media are kept for ever" })]);
});

it("passes nothing that could not be read", () => {
  expect(judge(mediaOutlived, { config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
