import { expect, it } from "vitest";
import { notSelfSigned } from "../../../src/audit/rules/dev-004-not-self-signed.ts";
import { ALICE, unread } from "../../support/facts.ts";
import { ofAlice, withDevice } from "./changed.ts";
import { judge, results } from "./judge.ts";

const forged = { deviceId: "FORGED", isSelfSigned: false, isCrossSigned: false };

it("passes devices that did, and such as have no keys", () => {
  expect(results(notSelfSigned)).toEqual(["pass", "pass"]);
  expect(results(notSelfSigned, withDevice({ ...forged, keys: undefined }))[0]).toBe("pass");
});

it("finds one that did not, and names the request that ends it", () => {
  expect(judge(notSelfSigned, withDevice({}, forged))[0]).toMatchObject({
    result: "fail",
    subject: { userId: ALICE, deviceId: "FORGED" },
    message: expect.stringContaining("no client made them"),
    cure: expect.stringContaining(`/users/${ALICE}/delete_devices {"devices":["FORGED"]}`),
  });
});

it("passes nothing that could not be read", () => {
  expect(results(notSelfSigned, ofAlice({ devices: unread("429") }))[0]).toBe("not-checked");
});
