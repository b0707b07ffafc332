import { expect, it } from "vitest";
import { openRegistration } from "../../../src/audit/rules/srv-002-open-registration.ts";
import { known, unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes where registration is closed", () => {
  expect(judge(openRegistration, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "Nobody can make an account unasked" }),
  ]);
});

it("passes where a token is asked for", () => {
  expect(
    judge(openRegistration, {
      outside: { registrationFlows: known([["m.login.registration_token", "m.login.dummy"]]) },
    }),
  ).toEqual([expect.objectContaining({ result: "pass", message: "Nobody can make an account unasked" })]);
});

it("finds a flow that asks nothing", () => {
  expect(
    judge(openRegistration, {
      outside: { registrationFlows: known([["m.login.recaptcha"], ["m.login.terms", "m.login.dummy"]]) },
    }),
  ).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "anybody can make an account, and nothing is asked",
      cure: expect.stringContaining("enable_registration: false"),
      severity: "high",
    }),
  ]);
});

it("finds flows that anybody passes", () => {
  expect(
    judge(openRegistration, { outside: { registrationFlows: known([["m.login.email.identity"]]) } }),
  ).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "anybody can make an account who passes m.login.email.identity",
      severity: "medium",
    }),
  ]);
});

it("finds what the config opens and a proxy hides", () => {
  expect(judge(openRegistration, config({ isRegistrationOpen: true }))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "homeserver.yaml lets anybody make an account, although it is not seen from here",
    }),
  ]);
});

it("judges by one of them", () => {
  expect(judge(openRegistration, { outside: { registrationFlows: unread("429") } })).toEqual([
    expect.objectContaining({ result: "pass", message: "Nobody can make an account unasked" }),
  ]);
});

it("asks nothing where the policy allows it", () => {
  expect(
    judge(
      openRegistration,
      { outside: { registrationFlows: known([["m.login.dummy"]]) } },
      { openRegistration: true },
    ),
  ).toEqual([expect.objectContaining({ result: "not-applicable", message: "the policy allows it" })]);
});

it("passes nothing that could not be read", () => {
  expect(
    judge(openRegistration, { outside: { registrationFlows: unread("429") }, config: unread("no file") }),
  ).toEqual([expect.objectContaining({ result: "not-checked", message: "429; no file" })]);
});
