import { expect, it } from "vitest";
import { federation } from "../../../src/audit/rules/srv-013-federation.ts";
import { known, unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("has nothing to say where the policy allows it", () => {
  expect(judge(federation, {})).toEqual([
    expect.objectContaining({
      result: "not-applicable",
      message: "the policy allows rooms with other homeservers",
    }),
  ]);
});

it("passes a homeserver that talks to none", () => {
  expect(judge(federation, config({ federationDomains: [] }), { rooms: { federated: false } })).toEqual([
    expect.objectContaining({
      result: "pass",
      message: "The homeserver talks to no other where rooms are local",
    }),
  ]);
});

it("finds one that talks to all", () => {
  expect(judge(federation, {}, { rooms: { federated: false } })).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "the homeserver federates with every other",
      cure: expect.stringContaining("federation_domain_whitelist: []"),
    }),
  ]);
});

it("names those it talks to", () => {
  expect(
    judge(federation, config({ federationDomains: ["a.example"] }), { rooms: { federated: false } }),
  ).toEqual([
    expect.objectContaining({ result: "fail", message: "the homeserver federates with a.example" }),
  ]);
});

it("finds it by its answer", () => {
  expect(judge(federation, { config: unread("no file") }, { rooms: { federated: false } })).toEqual([
    expect.objectContaining({ result: "fail", message: "the homeserver answers other homeservers" }),
  ]);
});

it("takes silence at one address for no proof", () => {
  expect(
    judge(
      federation,
      { config: unread("no file"), outside: { isFederating: known(false) } },
      { rooms: { federated: false } },
    ),
  ).toEqual([
    expect.objectContaining({
      result: "not-checked",
      message:
        "the homeserver does not answer others at this address, and may at another: only homeserver.yaml tells",
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(federation, { config: unread("no file"), outside: { isFederating: unread("504") } })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "504; no file" }),
  ]);
});
