import { expect, it } from "vitest";
import { unsignedDevice } from "../../../src/audit/rules/dev-002-unsigned-device.ts";
import { ALICE, device, known, unread, user } from "../../support/facts.ts";
import { inIdentity, ofAlice, people, withDevice } from "./changed.ts";
import { judge, results } from "./judge.ts";

const stray = { deviceId: "STRAY", displayName: "a new phone", isCrossSigned: false };
const withStray = withDevice({}, stray);

it("passes signed devices", () => {
  expect(results(unsignedDevice)).toEqual(["pass", "pass"]);
});

it("finds the one that is not, and says what to do with it", () => {
  expect(judge(unsignedDevice, withStray)[0]).toMatchObject({
    result: "fail",
    subject: { userId: ALICE, deviceId: "STRAY" },
    message: `${ALICE} has not signed their device STRAY ("a new phone")`,
    cure: expect.stringContaining("verifies STRAY"),
  });
  expect(results(unsignedDevice, withStray)).toEqual(["fail", "pass"]);
});

it("asks it of no device without keys", () => {
  expect(results(unsignedDevice, withDevice({}, { ...stray, keys: undefined }))).toEqual(["pass", "pass"]);
});

it("leaves to other rules what they judge", () => {
  const devices = known([device(stray)]);
  expect(results(unsignedDevice, ofAlice({ identity: known(null), devices }))[0]).toBe("not-applicable");
  const broken = inIdentity({ isConsistent: false }).users!;
  expect(results(unsignedDevice, { users: [{ ...broken[0]!, devices }] })).toEqual(["not-applicable"]);
  expect(results(unsignedDevice, withDevice({ ...stray, isSelfSigned: false }))[0]).toBe("pass");
  const ghost = user("@telegrambot:example.org", { devices });
  expect(results(unsignedDevice, { users: [ghost] })).toEqual(["not-applicable"]);
});

it("has nothing to judge where the policy accepts them", () => {
  expect(results(unsignedDevice, withStray, people({ unsignedDevices: true }))[0]).toBe("not-applicable");
});

it("passes nothing that could not be read", () => {
  expect(results(unsignedDevice, ofAlice({ devices: unread("429") }))).toEqual(["not-checked", "pass"]);
});

it("finds it of a user without identity, where the policy asks for none and accepts no unsigned device", () => {
  const change = ofAlice({ identity: known(null), devices: known([device({ isCrossSigned: false })]) });
  expect(results(unsignedDevice, change, people({ crossSigned: false }))[0]).toBe("fail");
  expect(results(unsignedDevice, change)[0]).toBe("not-applicable");
});
