import { expect, it } from "vitest";
import { tooManyDevices } from "../../../src/audit/rules/dev-010-too-many-devices.ts";
import { ALICE, unread } from "../../support/facts.ts";
import { ofAlice, people, withDevice } from "./changed.ts";
import { judge, results } from "./judge.ts";

const three = withDevice({ deviceId: "A" }, { deviceId: "B" }, { deviceId: "C" });

it("passes as many as the policy allows, and counts those with keys", () => {
  expect(results(tooManyDevices, three, people({ maxDevices: 3 }))).toEqual(["pass", "pass"]);
  const keyless = withDevice({ deviceId: "A" }, { deviceId: "B", keys: undefined });
  expect(results(tooManyDevices, keyless, people({ maxDevices: 1 }))).toEqual(["pass", "pass"]);
});

it("finds more", () => {
  expect(judge(tooManyDevices, three, people({ maxDevices: 2 }))[0]).toMatchObject({
    result: "fail",
    message: `${ALICE} has 3 devices, and the policy allows 2`,
    cure: expect.stringContaining("logs out"),
  });
});

it("passes nothing that could not be read", () => {
  expect(results(tooManyDevices, ofAlice({ devices: unread("429") }))[0]).toBe("not-checked");
});
