import { describe, expect, it } from "vitest";
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
