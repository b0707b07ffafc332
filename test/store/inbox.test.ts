import { describe, expect, it } from "vitest";
import { event, OTHER_ROOM, openTestStore, ROOM, storeOptions } from "../support/store.ts";

const voice = (eventId: string, sessionId = "session") =>
  event("m.room.encrypted", { session_id: sessionId, ciphertext: "AwgA" }, { event_id: eventId });

describe("the inbox", () => {
  it("gives events as they came and in the order they came", () => {
    const { inbox } = openTestStore();
    const [first, second] = [voice("$first"), voice("$second", "other")];
    inbox.add(ROOM, first, 1);
    inbox.add(ROOM, second, 2);
    expect([...inbox.waiting()]).toEqual([
      { roomId: ROOM, sessionId: "session", event: first, receivedMs: 1, reported: undefined },
      { roomId: ROOM, sessionId: "other", event: second, receivedMs: 2, reported: undefined },
    ]);
  });

  it("remembers over a restart why an event was last reported, and keeps the event", () => {
    const options = storeOptions();
    const first = openTestStore(options);
    first.inbox.add(ROOM, voice("$first"), 1);
    first.inbox.setReported("$first", "no-key-yet");
    first.inbox.setReported("$first", "withheld");
    first.inbox.add(ROOM, voice("$first"), 2);
    first.close();
    expect([...openTestStore(options).inbox.waiting()]).toMatchObject([
      { reported: "withheld", receivedMs: 1 },
    ]);
  });

  it("holds an event that comes twice once", () => {
    const { inbox } = openTestStore();
    inbox.add(ROOM, voice("$first"), 1);
    inbox.add(ROOM, voice("$first"), 2);
    expect([...inbox.waiting()]).toHaveLength(1);
  });

  it("lets go of what was handled, and of nothing else", () => {
    const { inbox } = openTestStore();
    for (const id of ["$first", "$second", "$third"]) inbox.add(ROOM, voice(id), 1);
    inbox.done("$second");
    inbox.done("$never seen");
    expect([...inbox.waiting()].map(({ event }) => event.event_id)).toEqual(["$first", "$third"]);
  });

  it("never takes in again what was decrypted and handled, however often the homeserver gives it", () => {
    const options = storeOptions();
    const { inbox, sessions, close } = openTestStore(options);
    for (const id of ["$first", "$second"]) inbox.add(ROOM, voice(id), 1);
    expect(sessions.claimIndex("session", 0, "$first")).toBe(true);
    expect(sessions.claimIndex("session", 1, "$second")).toBe(true);
    inbox.done("$first");
    close();
    const after = openTestStore(options).inbox;
    for (const id of ["$first", "$second"]) expect(after.add(ROOM, voice(id), 2)).toBe(true);
    expect([...after.waiting()].map(({ event }) => event.event_id)).toEqual(["$second"]);
  });

  it("keeps what was not handled over a restart, with the sync token that covers it", () => {
    const options = storeOptions();
    const first = openTestStore(options);
    first.transaction(() => {
      first.inbox.add(ROOM, voice("$first"), 1);
      first.setSyncToken("s42");
    });
    first.close();
    const second = openTestStore(options);
    expect(second.syncToken()).toBe("s42");
    expect([...second.inbox.waiting()]).toHaveLength(1);
  });

  it("takes neither event nor token when the batch cannot be applied whole", () => {
    const store = openTestStore();
    store.setSyncToken("s1");
    const apply = () =>
      store.transaction(() => {
        store.inbox.add(ROOM, voice("$first"), 1);
        store.setSyncToken("s2");
        throw new Error("half-way");
      });
    expect(apply).toThrow("half-way");
    expect(store.syncToken()).toBe("s1");
    expect([...store.inbox.waiting()]).toEqual([]);
    store.transaction(() => store.setSyncToken("s3"));
    expect(store.syncToken()).toBe("s3");
  });

  it("lets the oldest go when nobody ever fetches them", () => {
    const store = openTestStore();
    store.transaction(() => {
      for (let count = 0; count <= 5_000; count++) store.inbox.add(ROOM, voice(`$event${count}`), count);
    });
    const waiting = [...store.inbox.waiting()];
    expect(waiting).toHaveLength(5_000);
    expect(waiting[0]?.event.event_id).toBe("$event1");
    expect(waiting.at(-1)?.event.event_id).toBe("$event5000");
  });

  it("lets no message go because of another room in which nobody receives", () => {
    const store = openTestStore();
    store.transaction(() => {
      store.inbox.add(OTHER_ROOM, voice("$waits"), 0);
      for (let count = 0; count < 5_200; count++) store.inbox.add(ROOM, voice(`$event${count}`), count);
    });
    const waiting = [...store.inbox.waiting()];
    expect(waiting).toHaveLength(5_000);
    expect(waiting[0]).toMatchObject({ roomId: OTHER_ROOM, event: { event_id: "$waits" } });
    expect(waiting[1]?.event.event_id).toBe("$event201");
  });

  it("takes no event above the spec's limit, whatever the homeserver adds to one within it", () => {
    const { inbox } = openTestStore();
    const large = (length: number) => ({
      ...voice(`$${length}`),
      content: { session_id: "session", ciphertext: "A".repeat(length) },
    });
    const added = { ...large(60_000), unsigned: { more: "x".repeat(60_000) } };
    expect(inbox.add(ROOM, added, 1)).toBe(true);
    expect(inbox.add(ROOM, large(66_000), 1)).toBe(false);
    expect([...inbox.waiting()].map(({ event }) => [event.event_id, "unsigned" in event])).toEqual([
      ["$60000", false],
    ]);
  });

  it("is read one by one, and what its reader skips is not read at all", () => {
    const { inbox } = openTestStore();
    for (let count = 0; count < 450; count++) inbox.add(ROOM, voice(`$${count}`), 1);
    const read: string[] = [];
    for (const { event } of inbox.waiting((eventId) => eventId.length < 4)) {
      read.push(event.event_id);
      inbox.done(event.event_id);
      if (event.event_id === "$100") inbox.done("$101");
      if (event.event_id === "$100") inbox.add(ROOM, voice("$1000"), 1);
    }
    expect(read).toHaveLength(450 - 100 - 1 + 1);
    expect(read.slice(0, 2)).toEqual(["$100", "$102"]);
    expect(read.at(-1)).toBe("$1000");
  });
});
