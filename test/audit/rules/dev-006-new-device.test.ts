import { expect, it } from "vitest";
import { newDevice } from "../../../src/audit/rules/dev-006-new-device.ts";
import { ALICE, facts, unread } from "../../support/facts.ts";
import { ofAlice, withDevice } from "./changed.ts";
import { judge, results } from "./judge.ts";

const previous = facts();
const withNew = withDevice({}, { deviceId: "NEW" });

it("has nothing to judge in the first audit, nor of a user who is new", () => {
  expect(results(newDevice, withNew)).toEqual(["not-applicable", "not-applicable"]);
  expect(results(newDevice, {}, { previous: facts({ users: [] }) })).toEqual([
    "not-applicable",
    "not-applicable",
  ]);
});

it("passes devices that were there before, and such as have gone", () => {
  expect(results(newDevice, {}, { previous })).toEqual(["pass", "pass"]);
  expect(results(newDevice, {}, { previous: facts(withNew) })).toEqual(["pass", "pass"]);
});

it("finds the new one, and says whom to ask", () => {
  expect(judge(newDevice, withNew, { previous })[0]).toMatchObject({
    result: "warn",
    subject: { userId: ALICE, deviceId: "NEW" },
    message: `${ALICE} has a new device since 2026-11-01: NEW`,
    cure: expect.stringContaining('delete_devices {"devices":["NEW"]}'),
  });
});

it("passes nothing that could not be read, now or then", () => {
  const dark = ofAlice({ devices: unread("429") });
  expect(results(newDevice, dark, { previous })[0]).toBe("not-checked");
  expect(judge(newDevice, {}, { previous: facts(dark) })[0]).toMatchObject({
    result: "not-checked",
    message: "the last audit could not read the devices: 429",
  });
});
