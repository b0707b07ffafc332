import { expect, it } from "vitest";
import { tls } from "../../../src/audit/rules/srv-027-tls.ts";
import { known, unread } from "../../support/facts.ts";
import { judge } from "./server.ts";

it("passes https", () => {
  expect(judge(tls, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "Clients are sent to an address with TLS" }),
  ]);
});

it("finds http", () => {
  expect(judge(tls, { publicUrl: known("http://matrix.example.org") })).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "clients are sent to http://matrix.example.org, which has no TLS",
      cure: expect.stringContaining("public_baseurl"),
      severity: "critical",
    }),
  ]);
});

it("has nothing to say of the loopback address", () => {
  expect(judge(tls, { publicUrl: known("http://127.0.0.1:8008") })).toEqual([
    expect.objectContaining({ result: "not-applicable", message: "the homeserver is for this machine only" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(tls, { publicUrl: unread("it says none") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "it says none" }),
  ]);
});
