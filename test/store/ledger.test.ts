import { describe, expect, it } from "vitest";
import { ALICE, BOB, OTHER_ROOM, openTestStore, ROOM, storeOptions } from "../support/store.ts";

const phone = { userId: ALICE, deviceId: "PHONE" };
const desk = { userId: BOB, deviceId: "DESK" };
const shared = (device: typeof phone) => ({ ...device, outcome: "shared" });
const missed = (device: typeof phone) => ({ ...device, outcome: "m.no_olm" });

describe("the ledger", () => {
  it("stands under the room until an event tells the session, and says from which message on one can read", () => {
    const { ledger } = openTestStore();
    ledger.record(ROOM, [shared(phone), missed(desk)], 1_000);
    expect(ledger.isOpen(ROOM)).toBe(true);
    ledger.settle(ROOM, "session", 0);
    expect(ledger.isOpen(ROOM)).toBe(false);
    expect(ledger.entries("session")).toEqual([
      { ...shared(phone), atMs: 1_000, fromIndex: 0, before: undefined },
      { ...missed(desk), atMs: 1_000, fromIndex: undefined, before: undefined },
    ]);
    expect(ledger.entries("another session")).toEqual([]);
  });

  it("keeps what was said before of one who got the key later, and the first day of one who had it", () => {
    const { ledger } = openTestStore();
    ledger.record(ROOM, [shared(phone), missed(desk)], 1_000);
    ledger.settle(ROOM, "session", 0);
    ledger.record(ROOM, [shared(phone), shared(desk)], 2_000);
    ledger.settle(ROOM, "session", 7);
    expect(ledger.entries("session")).toEqual([
      { ...shared(phone), atMs: 1_000, fromIndex: 0, before: undefined },
      { ...shared(desk), atMs: 2_000, fromIndex: 7, before: "m.no_olm" },
    ]);
  });

  it("survives the process that shared, before any event told the session", () => {
    const options = storeOptions();
    const first = openTestStore(options);
    first.ledger.record(ROOM, [shared(phone)], 1_000);
    first.close();
    const { ledger } = openTestStore(options);
    ledger.settle(ROOM, "session", 0);
    expect(ledger.entries("session")).toMatchObject([shared(phone)]);
  });

  it("forgets a key that was never used, and nothing else", () => {
    const { ledger } = openTestStore();
    ledger.record(ROOM, [shared(phone)], 1_000);
    ledger.settle(ROOM, "session", 0);
    ledger.record(ROOM, [shared(desk)], 2_000);
    ledger.record(OTHER_ROOM, [shared(desk)], 2_000);
    ledger.forget(ROOM);
    expect(ledger.isOpen(ROOM)).toBe(false);
    expect(ledger.isOpen(OTHER_ROOM)).toBe(true);
    expect(ledger.entries("session")).toMatchObject([shared(phone)]);
  });

  it("lists the present devices, and of those that went only who has the key", () => {
    const { ledger } = openTestStore();
    const nobody = { userId: BOB, deviceId: null, outcome: "no-device" };
    const gone = { userId: ALICE, deviceId: "SOLD" };
    ledger.record(ROOM, [shared(phone), missed(gone), nobody], 1_000);
    ledger.settle(ROOM, "session", 0);
    ledger.record(ROOM, [missed(desk)], 2_000);
    ledger.keepOnly(ROOM, "session", [desk]);
    ledger.settle(ROOM, "session", 1);
    expect(ledger.entries("session")).toMatchObject([shared(phone), missed(desk)]);
  });

  it("knows in which rooms somebody may still get the key in use", () => {
    const { ledger, sessions } = openTestStore();
    for (const [room, session] of [
      [ROOM, "old"],
      [OTHER_ROOM, "whole"],
    ] as const) {
      ledger.record(room, [session === "old" ? missed(desk) : shared(desk)], 1_000);
      sessions.countMessage(room, session, 1_000);
      ledger.settle(room, session, 0);
    }
    expect(ledger.roomsWithMissed()).toEqual([ROOM]);
    expect(ledger.hasMissed(ROOM, "old")).toBe(true);
    ledger.record(ROOM, [shared(desk)], 2_000);
    expect(ledger.hasMissed(ROOM, "old")).toBe(false);
    ledger.settle(ROOM, "old", 1);
    expect(ledger.roomsWithMissed()).toEqual([]);
    expect(ledger.hasMissed(OTHER_ROOM, undefined)).toBe(false);
  });
});

describe("the members of a room", () => {
  it("are strangers only once others are known", () => {
    const options = storeOptions();
    const first = openTestStore(options);
    expect(first.ledger.newMembers(ROOM, [ALICE, BOB])).toBeUndefined();
    first.ledger.know(ROOM, [ALICE], 1_000);
    first.close();
    const { ledger } = openTestStore(options);
    expect(ledger.newMembers(ROOM, [ALICE, BOB])).toEqual([BOB]);
    expect(ledger.newMembers(OTHER_ROOM, [BOB])).toBeUndefined();
    ledger.know(ROOM, [ALICE, BOB], 2_000);
    expect(ledger.newMembers(ROOM, [ALICE, BOB])).toEqual([]);
  });
});
