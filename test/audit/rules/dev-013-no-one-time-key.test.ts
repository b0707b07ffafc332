import { expect, it } from "vitest";
import { noOneTimeKey } from "../../../src/audit/rules/dev-013-no-one-time-key.ts";
import { ALICE, BOT, known, own, ROOM, unread } from "../../support/facts.ts";
import { judge, results } from "./judge.ts";

const entry = { roomId: ROOM, userId: ALICE, deviceId: "PHONE", code: "m.no_olm", atMs: 0 };
const withEntry = (change: Partial<Omit<typeof entry, "deviceId">> & { deviceId?: string | null } = {}) => ({
  own: known(own({ withheld: [{ ...entry, ...change }] })),
});

it("passes devices that had one", () => {
  expect(results(noOneTimeKey)).toEqual(["pass", "pass"]);
});

it("finds the one that had none, and says what its owner does", () => {
  expect(judge(noOneTimeKey, withEntry())[0]).toMatchObject({
    result: "warn",
    subject: { userId: ALICE, deviceId: "PHONE" },
    message: expect.stringContaining(
      `device PHONE had no one-time key when we asked for one, and cannot read what we said since in ${ROOM}`,
    ),
    cure: expect.stringContaining("starts PHONE while online"),
  });
  expect(results(noOneTimeKey, withEntry())).toEqual(["warn", "pass"]);
  expect(results(noOneTimeKey, withEntry({ userId: BOT, deviceId: null }))).toEqual(["pass", "warn"]);
});

it("looks past devices that have gone, and other reasons", () => {
  expect(results(noOneTimeKey, withEntry({ deviceId: "GONE" }))).toEqual(["pass", "pass"]);
  expect(results(noOneTimeKey, withEntry({ code: "m.unverified" }))).toEqual(["pass", "pass"]);
});

it("passes nothing that could not be read", () => {
  expect(results(noOneTimeKey, { own: unread("without the store") })).toEqual(["not-checked", "not-checked"]);
});
