import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { MIGRATIONS } from "../../src/store/migrations.ts";
import { OTHER_ROOM, openTestStore, ROOM, storeOptions } from "../support/store.ts";

describe("the outbound session", () => {
  it("counts from its first message on", () => {
    const { sessions } = openTestStore();
    expect(sessions.outbound(ROOM)).toBeUndefined();
    sessions.countMessage(ROOM, "session one", 1_000);
    sessions.countMessage(ROOM, "session one", 2_000);
    expect(sessions.outbound(ROOM)).toEqual({
      roomId: ROOM,
      sessionId: "session one",
      createdMs: 1_000,
      messages: 2,
      mustRotate: false,
    });
  });

  it("counts anew with a new session", () => {
    const { sessions } = openTestStore();
    sessions.countMessage(ROOM, "session one", 1_000);
    sessions.requireRotation([ROOM]);
    sessions.countMessage(ROOM, "session two", 5_000);
    expect(sessions.outbound(ROOM)).toMatchObject({ messages: 1, createdMs: 5_000 });
  });

  it("that must rotate stays so until there is a new one, also after a restart", () => {
    const options = storeOptions();
    const first = openTestStore(options);
    first.sessions.countMessage(ROOM, "session one", 1_000);
    first.sessions.countMessage(OTHER_ROOM, "session of the other room", 1_000);
    first.sessions.requireRotation([ROOM]);
    first.sessions.countMessage(ROOM, "session one", 2_000);
    first.close();
    const { sessions } = openTestStore(options);
    expect(sessions.outbound(ROOM)).toMatchObject({ messages: 2, mustRotate: true });
    expect(sessions.outbound(OTHER_ROOM)?.mustRotate).toBe(false);
  });

  it("is forgotten for its room alone", () => {
    const { sessions } = openTestStore();
    sessions.countMessage(ROOM, "session one", 1_000);
    sessions.countMessage(OTHER_ROOM, "session two", 1_000);
    sessions.forgetOutbound(ROOM);
    expect(sessions.outbound(ROOM)).toBeUndefined();
    expect(sessions.outbound(OTHER_ROOM)).toBeDefined();
  });
});

describe("a message index", () => {
  it("belongs to the event that came with it first, however often that comes", () => {
    const { sessions } = openTestStore();
    expect(sessions.claimIndex("session", 0, "$first")).toBe(true);
    expect(sessions.claimIndex("session", 0, "$first")).toBe(true);
    expect(sessions.claimIndex("session", 0, "$replay")).toBe(false);
    expect(sessions.claimIndex("session", 0, "$first")).toBe(true);
  });

  it("is one of its own session", () => {
    const { sessions } = openTestStore();
    sessions.claimIndex("session", 0, "$first");
    expect(sessions.claimIndex("session", 1, "$second")).toBe(true);
    expect(sessions.claimIndex("another session", 0, "$third")).toBe(true);
  });

  it("stays claimed after a restart, up to the highest there is", () => {
    const options = storeOptions();
    const first = openTestStore(options);
    first.sessions.claimIndex("session", 0xffff_ffff, "$first");
    first.close();
    expect(openTestStore(options).sessions.claimIndex("session", 0xffff_ffff, "$replay")).toBe(false);
  });
});

describe("our own sessions", () => {
  it("are never used at an index that is spent, whichever room they are of", () => {
    const { sessions } = openTestStore();
    expect(sessions.nextIndex("session")).toBeUndefined();
    expect([0, 1, 3].map((index) => sessions.spendIndex("session", index))).toEqual([true, true, true]);
    expect([0, 2, 3].map((index) => sessions.spendIndex("session", index))).toEqual([false, false, false]);
    expect(sessions.nextIndex("session")).toBe(4);
    expect(sessions.spendIndex("another", 0)).toBe(true);
  });

  it("of a store that did not count yet are known as ours, and not used on", () => {
    const options = storeOptions();
    const old = new DatabaseSync(options.path);
    old.exec(`${MIGRATIONS[0]}; PRAGMA user_version = 1`);
    old.exec("INSERT INTO outbound VALUES ('!room', 'in use', 1, 5, 0)");
    old.exec("INSERT INTO delivery VALUES ('used up', '@alice:example.org', 'PHONE', 'shared', 1)");
    old.close();
    const { sessions } = openTestStore(options);
    expect(["in use", "used up", "of nobody"].map((sessionId) => sessions.nextIndex(sessionId))).toEqual([
      10_000,
      10_000,
      undefined,
    ]);
    expect(sessions.outbound("!room")?.mustRotate).toBe(true);
  });
});
