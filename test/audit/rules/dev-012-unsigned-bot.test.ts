import { expect, it } from "vitest";
import { unsignedBot } from "../../../src/audit/rules/dev-012-unsigned-bot.ts";
import { device, known, unread, user } from "../../support/facts.ts";
import { people, withDevice } from "./changed.ts";
import { judge, results } from "./judge.ts";

const account = { isDeactivated: false, isAdmin: false, userType: null, appservice: null, createdMs: 0 };
const BRIDGE = "@hook:example.org";
const devices = known([device({ deviceId: "OLD", isCrossSigned: false })]);
const bot = (change: Partial<typeof account> | { userType: string } | { appservice: string }) => ({
  users: [user(BRIDGE, { devices, account: known({ ...account, ...change }) })],
});

it("has nothing to judge of people", () => {
  expect(results(unsignedBot, withDevice({ isCrossSigned: false }))).toEqual([
    "not-applicable",
    "not-applicable",
  ]);
});

it("finds a bot's unsigned device, by whatever shows that it is one", () => {
  expect(judge(unsignedBot, bot({ userType: "bot" }))).toEqual([
    expect.objectContaining({
      result: "fail",
      subject: { userId: BRIDGE, deviceId: "OLD" },
      message: `the bot ${BRIDGE} (an account of 1970-01-01) has not signed its device OLD`,
      cure: expect.stringContaining("self_sign"),
    }),
  ]);
  expect(results(unsignedBot, bot({ appservice: "irc" }))).toEqual(["fail"]);
  const unknown = user("@signalbot:example.org", { devices, account: unread("no admin token") });
  expect(results(unsignedBot, { users: [unknown] })).toEqual(["fail"]);
});

it("passes a bot that has signed its device", () => {
  const users = bot({ userType: "bot" }).users.map((user) => ({ ...user, devices: known([device()]) }));
  expect(results(unsignedBot, { users })).toEqual(["pass"]);
});

it("leaves to other rules, and to the policy, what is theirs", () => {
  expect(results(unsignedBot, bot({ userType: "bot" }), people({ unsignedDevices: true }))).toEqual([
    "not-applicable",
  ]);
  const users = bot({ userType: "bot" }).users.map((user) => ({ ...user, identity: known(null) }));
  expect(results(unsignedBot, { users })).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  const users = bot({ userType: "bot" }).users.map((user) => ({ ...user, devices: unread("429") }));
  expect(results(unsignedBot, { users })).toEqual(["not-checked"]);
});
