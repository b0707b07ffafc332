import { expect, it } from "vitest";
import { withheldKeys } from "../../../src/audit/rules/dev-014-withheld.ts";
import { ALICE, known, own, ROOM, unread } from "../../support/facts.ts";
import { judge, results } from "./judge.ts";

const entry = { roomId: ROOM, userId: ALICE, deviceId: "PHONE", code: "m.unverified", atMs: 0 };
const withheld = (...entries: { code: string; roomId?: string; deviceId?: string | null }[]) => ({
  own: known(own({ withheld: entries.map((change) => ({ ...entry, ...change })) })),
});

it("passes devices that get every key", () => {
  expect(results(withheldKeys)).toEqual(["pass", "pass"]);
});

it("names the device once, with its rooms and reasons, as information", () => {
  const change = withheld(
    { code: "m.unverified" },
    { code: "m.unverified", roomId: "!two" },
    { code: "odd" },
  );
  expect(judge(withheldKeys, change)[0]).toMatchObject({
    result: "warn",
    severity: "info",
    subject: { userId: ALICE, deviceId: "PHONE" },
    message: `we withhold the keys of ${ROOM} and !two from ${ALICE}'s device PHONE: its owner has not signed it, or their identity is not trusted and odd`,
    cure: expect.stringContaining("verifies the device"),
  });
  expect(results(withheldKeys, change)).toEqual(["warn", "pass"]);
});

it("speaks of all devices where the ledger does", () => {
  expect(judge(withheldKeys, withheld({ code: "m.unverified", deviceId: null }))[0]).toMatchObject({
    subject: { userId: ALICE },
    message: expect.stringContaining(`every device of ${ALICE}`),
  });
});

it("leaves missing one-time keys to the rule for that", () => {
  expect(results(withheldKeys, withheld({ code: "m.no_olm" }))).toEqual(["pass", "pass"]);
});

it("passes nothing that could not be read", () => {
  expect(results(withheldKeys, { own: unread("without the store") })).toEqual(["not-checked", "not-checked"]);
});
