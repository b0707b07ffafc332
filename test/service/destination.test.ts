import { describe, expect, it } from "vitest";
import { SottoError } from "../../src/errors.ts";
import type { SyncBatch } from "../../src/model/sync.ts";
import type { Account } from "../../src/service/account.ts";
import { findRoom } from "../../src/service/destination.ts";
import { batch, joined, MEGOLM, member, OWN, openTestStore, ROOM, state } from "../support/store.ts";

// The homeserver is a list of batches; the store is a real one.

function setUp(batches: Partial<SyncBatch>[]) {
  const store = openTestStore();
  const calls: string[] = [];
  const account = {
    store,
    sync: {
      async toLiveEnd() {
        calls.push("sync");
        store.rooms.apply(batch(batches.shift() ?? {}), OWN);
      },
    },
    rooms: {
      async join(target: string) {
        calls.push(`join ${target}`);
        return ROOM;
      },
      async resolveAlias() {
        return ROOM;
      },
      async encryption(roomId: string) {
        throw new SottoError("ROOM_NOT_FOUND", `there is no room ${roomId}`);
      },
    },
    directRoom: async () => ROOM,
  } as unknown as Account;
  return { calls, find: (target: string) => findRoom(account, target) };
}

const here = { joined: [joined([member(OWN, "join"), state("m.room.encryption", { algorithm: MEGOLM })])] };
const invited = { invited: [{ roomId: ROOM, state: [] }] };

describe("a room we are not in", () => {
  it("is joined where we were invited, and waited for until sync has it", async () => {
    const { calls, find } = setUp([invited, {}, {}, here]);
    expect(await find(ROOM)).toBe(ROOM);
    expect(calls).toEqual(["sync", `join ${ROOM}`, "sync", "sync", "sync"]);
  });

  it("is waited for with an end", async () => {
    const { calls, find } = setUp([invited]);
    await expect(find(ROOM)).rejects.toMatchObject({ code: expect.stringMatching(/^ROOM_/) });
    expect(calls.filter((call) => call === "sync")).toHaveLength(6);
  });

  it("is joined by the alias it was named by, which says over which homeservers", async () => {
    const { calls, find } = setUp([{}, here]);
    await find("#kitchen:example.org");
    expect(calls).toContain("join #kitchen:example.org");
  });

  it("is not joined because somebody knows its ID", async () => {
    const { calls, find } = setUp([]);
    await expect(find(ROOM)).rejects.toMatchObject({ code: "ROOM_NOT_FOUND" });
    expect(calls).toEqual(["sync"]);
  });

  it("is not joined once more where it is our own direct room", async () => {
    const { calls, find } = setUp([{}, here]);
    await find("@alice:example.org");
    expect(calls).toEqual(["sync", "sync"]);
  });
});
