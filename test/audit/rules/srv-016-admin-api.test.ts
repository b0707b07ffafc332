import { expect, it } from "vitest";
import { adminApi } from "../../../src/audit/rules/srv-016-admin-api.ts";
import { known, unread } from "../../support/facts.ts";
import { judge } from "./server.ts";

it("passes where it does not answer", () => {
  expect(judge(adminApi, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "The admin API is not reached from outside" }),
  ]);
});

it("finds that it does", () => {
  expect(judge(adminApi, { outside: { isAdminApiExposed: known(true) } })).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "the admin API answers at https://matrix.example.org",
      cure: expect.stringContaining("location ~ ^(/_matrix|/_synapse/client)"),
    }),
  ]);
});

it("has nothing to say of the loopback address", () => {
  expect(
    judge(adminApi, {
      publicUrl: known("http://127.0.0.1:8008"),
      outside: { isAdminApiExposed: known(true) },
    }),
  ).toEqual([
    expect.objectContaining({ result: "not-applicable", message: "the homeserver is for this machine only" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(adminApi, { outside: { isAdminApiExposed: unread("504") } })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "504" }),
  ]);
});

it("passes nothing whose address is not known", () => {
  expect(judge(adminApi, { publicUrl: unread("it says none") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "it says none" }),
  ]);
});
