import { expect, it } from "vitest";
import { messageLimit } from "../../../src/audit/rules/srv-012-message-limit.ts";
import { known, unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes an account whose limit is lifted", () => {
  expect(judge(messageLimit, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "The homeserver does not hold our messages back" }),
  ]);
});

it("passes a limit that holds nothing back", () => {
  expect(judge(messageLimit, { messageRateLimit: known({ messagesPerSecond: 5, burstCount: 10 }) })).toEqual([
    expect.objectContaining({ result: "pass", message: "The homeserver does not hold our messages back" }),
  ]);
});

it("passes a config that is generous to all", () => {
  expect(
    judge(messageLimit, {
      messageRateLimit: unread("no admin token"),
      ...config({ messageRateLimit: { perSecond: 50, burstCount: 50 } }),
    }),
  ).toEqual([
    expect.objectContaining({ result: "pass", message: "The homeserver does not hold our messages back" }),
  ]);
});

it("finds the default", () => {
  expect(judge(messageLimit, { messageRateLimit: known(null), config: unread("no file") })).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "after a burst our account may send 0.2 messages a second",
      cure: expect.stringContaining("override_ratelimit"),
    }),
  ]);
});

it("finds the config's", () => {
  expect(
    judge(messageLimit, {
      messageRateLimit: known(null),
      ...config({ messageRateLimit: { perSecond: 0.5, burstCount: 1 } }),
    }),
  ).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "after a burst our account may send 0.5 messages a second",
    }),
  ]);
});

it("does not know of an exemption without an admin token", () => {
  expect(judge(messageLimit, { messageRateLimit: unread("no admin token") })).toEqual([
    expect.objectContaining({
      result: "not-checked",
      message:
        "homeserver.yaml allows 0.2 messages a second; whether our account is exempt only an admin token can tell",
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(
    judge(messageLimit, { messageRateLimit: unread("no admin token"), config: unread("no file") }),
  ).toEqual([expect.objectContaining({ result: "not-checked", message: "no admin token; no file" })]);
});
