import { expect, it } from "vitest";
import { deviceNames } from "../../../src/audit/rules/meta-008-device-names.ts";
import { ALICE, unread } from "../../support/facts.ts";
import { ofAlice, policy, withDevice } from "./changed.ts";
import { judge, results } from "./judge.ts";

const words = policy({ words: ["clinic"] });
const called = (displayName: string) => withDevice({ deviceId: "PC", displayName });

it("passes names that tell nothing, and none", () => {
  expect(results(deviceNames, {}, words)).toEqual(["pass", "pass"]);
  expect(results(deviceNames, called("Element X on a phone"), words)).toEqual(["pass", "pass"]);
});

it.each([
  ["Front desk of the Clinic", "clinic"],
  ["Mozilla/5.0 (X11; Linux x86_64)", "what looks like a user agent"],
  ["bot at 192.168.1.7", "what looks like an IP address"],
])("finds %j", (displayName, tells) => {
  expect(judge(deviceNames, called(displayName), words)[0]).toMatchObject({
    result: "warn",
    subject: { userId: ALICE, deviceId: "PC" },
    message: expect.stringContaining(`tells everybody ${tells}`),
    cure: expect.stringContaining("/devices/PC"),
  });
});

it("goes by the words of the rooms that the user is in", () => {
  expect(results(deviceNames, called("clinic"))[0]).toBe("pass");
});

it("passes nothing that could not be read", () => {
  expect(results(deviceNames, ofAlice({ devices: unread("429") }), words)[0]).toBe("not-checked");
});
