import { expect, it } from "vitest";
import { clearListener } from "../../../src/audit/rules/srv-032-clear-listener.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes the loopback address", () => {
  expect(judge(clearListener, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "No port for clients is open without TLS" }),
  ]);
});

it("passes TLS", () => {
  expect(
    judge(
      clearListener,
      config({ listeners: [{ port: 8448, bindAddresses: ["::"], resources: ["client"], isTls: true }] }),
    ),
  ).toEqual([
    expect.objectContaining({ result: "pass", message: "No port for clients is open without TLS" }),
  ]);
});

it("finds a port that all can reach", () => {
  expect(
    judge(
      clearListener,
      config({
        listeners: [{ port: 8008, bindAddresses: ["::", "0.0.0.0"], resources: ["client"], isTls: false }],
      }),
    ),
  ).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "port 8008 serves clients or homeservers without TLS at ::, 0.0.0.0",
      cure: expect.stringContaining("bind_addresses"),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(clearListener, { config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
