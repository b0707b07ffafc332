import { expect, it } from "vitest";
import { innerListener } from "../../../src/audit/rules/srv-033-inner-listener.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes where nothing is", () => {
  expect(
    judge(
      innerListener,
      config({
        listeners: [
          { port: 9000, bindAddresses: ["127.0.0.1", "::1"], resources: ["manhole"], isTls: false },
        ],
      }),
    ),
  ).toEqual([expect.objectContaining({ result: "pass", message: "What is not for clients is not open" })]);
});

it("finds a manhole", () => {
  expect(
    judge(
      innerListener,
      config({
        listeners: [{ port: 9000, bindAddresses: ["0.0.0.0"], resources: ["manhole"], isTls: false }],
      }),
    ),
  ).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "manhole is open at port 9000 of 0.0.0.0",
      cure: expect.stringContaining("bind_addresses"),
      severity: "high",
    }),
  ]);
});

it("finds replication beside what is for clients", () => {
  expect(
    judge(
      innerListener,
      config({
        listeners: [
          { port: 8008, bindAddresses: ["10.0.0.1"], resources: ["client", "replication"], isTls: true },
        ],
      }),
    ),
  ).toEqual([
    expect.objectContaining({ result: "fail", message: "replication is open at port 8008 of 10.0.0.1" }),
  ]);
});

it("is milder with metrics", () => {
  expect(
    judge(
      innerListener,
      config({ listeners: [{ port: 9101, bindAddresses: ["::"], resources: ["metrics"], isTls: false }] }),
    ),
  ).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "metrics is open at port 9101 of ::",
      severity: "low",
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(innerListener, { config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
