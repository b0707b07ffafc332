import { describe, expect, it } from "vitest";
import type { Answer, Seen } from "../matrix/scripted-server.ts";
import { ALICE, event, MEGOLM, member, OWN, ROOM, state } from "../support/store.ts";
import { answer, type Setup, setUp } from "../support/sync-driver.ts";

describe("a timeline with a gap", () => {
  const encrypted = (eventId: string) =>
    event("m.room.encrypted", { session_id: "S", ciphertext: "AwgA" }, { event_id: eventId });
  const room = (timeline: object, events: object[] = []) => ({
    rooms: { join: { [ROOM]: { state: { events }, timeline } } },
  });
  const known = room({ events: [] }, [
    member(OWN, "join"),
    member(ALICE, "join"),
    state("m.room.encryption", { algorithm: MEGOLM }),
  ]);
  const gap = room({ limited: true, prev_batch: "p0", events: [encrypted("$9")] });
  const isHistory = ({ path }: Seen) => path.endsWith("/messages");

  /** The second sync has the gap; pages of history are answered by the script. */
  const withGap = (history: (page: number) => Answer, first: object = known) => {
    let pages = 0;
    let syncs = 0;
    return setUp((seen) => {
      if (isHistory(seen)) {
        pages += 1;
        return history(pages);
      }
      syncs += 1;
      return answer(`s${syncs}`, syncs === 1 ? first : gap);
    });
  };
  const inInbox = ({ store }: Setup) => [...store.inbox.waiting()].map(({ event: kept }) => kept.event_id);

  it("is filled from history, oldest first, before the token moves", async () => {
    const setup = await withGap((page) => {
      expect(setup.store.syncToken()).toBe("s1");
      const chunk = [encrypted(`$${9 - 2 * page}b`), encrypted(`$${9 - 2 * page}a`)];
      return { json: { chunk, ...(page < 3 ? { end: `p${page}` } : {}) } };
    });
    await setup.driver.toLiveEnd();
    await setup.driver.toLiveEnd();
    expect(inInbox(setup)).toEqual(["$3a", "$3b", "$5a", "$5b", "$7a", "$7b", "$9"]);
    expect(setup.store.syncToken()).toBe("s2");
    const [first, second] = setup.requests.filter(isHistory).map(({ query }) => Object.fromEntries(query));
    expect(first).toMatchObject({ dir: "b", from: "p0", to: "s1", limit: "100" });
    expect(JSON.parse(first?.filter ?? "")).toEqual({
      types: ["m.room.encrypted", "m.room.redaction"],
    });
    expect(second).toMatchObject({ from: "p1", to: "s1" });
  });

  it("that is too wide is told, and what was fetched is kept", async () => {
    const setup = await withGap((page) => ({ json: { chunk: [encrypted(`$h${page}`)], end: `p${page}` } }));
    await setup.driver.toLiveEnd();
    await setup.driver.toLiveEnd();
    expect(setup.requests.filter(isHistory)).toHaveLength(10);
    expect(inInbox(setup)).toHaveLength(11);
    expect(setup.logged).toContainEqual([
      expect.stringContaining("missing"),
      expect.objectContaining({ roomId: ROOM, fetched: 10 }),
    ]);
  });

  it("keeps the token where it is while the homeserver fails, but not for ever", async () => {
    const setup = await withGap(() => ({ status: 500 }));
    await setup.driver.toLiveEnd();
    for (let time = 1; time < 5; time += 1) {
      await expect(setup.driver.toLiveEnd()).rejects.toMatchObject({ code: "HOMESERVER_ERROR" });
      expect(setup.store.syncToken()).toBe("s1");
    }
    await setup.driver.toLiveEnd();
    expect(inInbox(setup)).toEqual(["$9"]);
    expect(setup.logged).toContainEqual([
      expect.stringContaining("missing"),
      expect.objectContaining({ roomId: ROOM, code: "HOMESERVER_ERROR" }),
    ]);
  });

  it("that the homeserver does not let us read is told", async () => {
    const setup = await withGap(() => ({ status: 403, json: { errcode: "M_FORBIDDEN" } }));
    await setup.driver.toLiveEnd();
    await setup.driver.toLiveEnd();
    expect(setup.logged).toHaveLength(1);
    expect(setup.store.syncToken()).not.toBe("s1");
  });

  it("is none in the first sync, nor in a room just joined, nor in a clear one", async () => {
    const onFirst = await setUp(() => answer("s1", gap));
    await onFirst.driver.toLiveEnd();
    const onJoin = await withGap(() => ({ status: 500 }), {});
    const onClear = await withGap(() => ({ status: 500 }), room({ events: [] }, [member(OWN, "join")]));
    for (const setup of [onJoin, onClear]) {
      await setup.driver.toLiveEnd();
      await setup.driver.toLiveEnd();
    }
    for (const { requests } of [onFirst, onJoin, onClear]) expect(requests.filter(isHistory)).toEqual([]);
  });

  it("leaves out, and tells of, an event above the spec's limit", async () => {
    const huge = event("m.room.encrypted", { session_id: "S", ciphertext: "A".repeat(70_000) });
    const setup = await setUp(() => answer("s1", room({ events: [huge] })));
    await setup.driver.toLiveEnd();
    expect(inInbox(setup)).toEqual([]);
    expect(setup.logged).toHaveLength(1);
  });
});
