import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { SottoError } from "../../src/errors.ts";
import type { RoomId } from "../../src/model/ids.ts";
import type { SyncBatch } from "../../src/model/sync.ts";
import { sendWhatWaits } from "../../src/service/retries.ts";
import type { SyncDriver } from "../../src/service/sync.ts";
import { outboxOn } from "../support/faulty-ports.ts";
import {
  ALICE,
  BOB,
  batch,
  event,
  joined,
  member,
  OTHER_ROOM,
  OWN,
  openTestStore,
  ROOM,
} from "../support/store.ts";

// What waits, under a homeserver that refuses every try, and that tells of each try in its next answer.

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const SECOND = 1_000;
const ECHO = batch({ accountData: [{ type: "alt.sotto.store.SOTTO1", content: { epoch: 2 } }] });
const refused = (retryAfterMs?: number) =>
  new SottoError(
    "HOMESERVER_ERROR",
    "403 to /keys/claim",
    retryAfterMs === undefined ? {} : { retryAfterMs },
  );

function running(...waitingIn: RoomId[]) {
  const store = openTestStore();
  const { outbox, encryptor, at, jobs, unsent } = outboxOn(store);
  for (const roomId of waitingIn) outbox.accept(roomId, { body: "Doorbell" });
  let tell: (batch: SyncBatch) => void = () => undefined;
  let isBack: () => void = () => undefined;
  const sync = {
    onReturn(listener: () => void) {
      isBack = listener;
      return () => undefined;
    },
    onBatch(listener: (batch: SyncBatch) => void) {
      tell = listener;
      return () => undefined;
    },
  } as unknown as SyncDriver;
  const retries = sendWhatWaits({ outbox, store, sync });
  onTestFinished(() => retries[Symbol.dispose]());
  const trouble: { error: SottoError | undefined } = { error: refused() };
  const encrypt = encryptor.encrypt.bind(encryptor);
  encryptor.encrypt = async (...args) => {
    encryptor.outcomes.push(() => {
      if (!trouble.error) return;
      tell(ECHO);
      throw trouble.error;
    });
    return encrypt(...args);
  };
  /** The homeserver answers a sync; resolves when everything that it sets off is over. */
  const hears = async (answer: SyncBatch) => {
    tell(answer);
    await outbox.settled();
    tell(ECHO); // and the echo of the last try, after its failure
    await outbox.settled();
  };
  return {
    ...{ store, outbox, jobs, unsent, trouble, hears, retries },
    /** Its sync has failed, and comes again. */
    returns() {
      isBack();
      return hears(ECHO);
    },
    tries: () => encryptor.encrypted.length,
    async pass(ms: number) {
      at.ms += ms;
      await vi.advanceTimersByTimeAsync(ms);
      await outbox.settled();
    },
  };
}

describe("a message that the homeserver does not let through", () => {
  it("is tried with the first answer, and not again because of what the try itself brought", async () => {
    const { hears, tries, jobs } = running(ROOM);
    for (let answer = 0; answer < 5; answer += 1) await hears(ECHO);
    await hears(batch({ joined: [joined([event("m.room.encrypted", {})])] }));
    expect(tries()).toBe(1);
    expect(jobs.open()).toMatchObject([{ state: "uploaded" }]);
  });

  it("is tried again by the clock, each time after twice as long, at most a quarter of an hour", async () => {
    const { hears, tries, pass } = running(ROOM);
    await hears(ECHO);
    const pauses: number[] = [];
    for (let time = 0; time < 12; time += 1) {
      const before = tries();
      let waited = 0;
      for (; tries() === before; waited += 1) await pass(SECOND);
      pauses.push(waited);
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
  });

  it("waits for as long as the homeserver asks", async () => {
    const { hears, tries, pass, trouble } = running(ROOM);
    trouble.error = refused(60 * SECOND);
    await hears(ECHO);
    await pass(59 * SECOND);
    expect(tries()).toBe(1);
    await pass(SECOND);
    expect(tries()).toBe(2);
  });

  it("goes out as soon as the homeserver is well, and leaves nothing that wakes", async () => {
    const { hears, pass, trouble, jobs } = running(ROOM);
    await hears(ECHO);
    trouble.error = undefined;
    await pass(SECOND);
    expect(jobs.open()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("costs one try, however many wait behind it in its room, and holds up no other room", async () => {
    const { hears, tries, jobs, trouble, pass } = running(ROOM, ROOM, ROOM, OTHER_ROOM);
    await hears(ECHO);
    expect(tries()).toBe(2);
    trouble.error = undefined;
    await pass(SECOND);
    expect(jobs.open()).toEqual([]);
  });
});

describe("a change that decides on a send", () => {
  it.each([
    ["a member who comes or goes", () => batch({ joined: [joined([member(BOB, "leave")])] })],
    ["a gap in the room's timeline", () => batch({ joined: [joined([], { hasGap: true })] })],
    ["a member's devices or identity", () => batch({ deviceLists: { changed: [ALICE], left: [] } })],
  ])("is a reason to try at once: %s", async (_what, change) => {
    const { hears, tries, store } = running(ROOM, OTHER_ROOM);
    store.transaction(() => store.rooms.apply(batch({ joined: [joined([member(ALICE, "join")])] }), OWN));
    await hears(ECHO);
    expect(tries()).toBe(2);
    await hears(change());
    expect(tries()).toBe(3); // and not in the other room
  });

  it("does not make the pauses shorter: a room that changes all the time is not tried all the time", async () => {
    const { hears, tries, pass } = running(ROOM);
    await hears(batch({ joined: [joined([member(BOB, "leave")])] }));
    await hears(batch({ joined: [joined([member(BOB, "join")])] }));
    await pass(SECOND);
    expect(tries()).toBe(2);
    await pass(SECOND);
    expect(tries()).toBe(3);
  });
});

describe("a homeserver that was away for long", () => {
  const AWAY = new SottoError("HOMESERVER_UNREACHABLE", "connection refused");
  const longAway = async () => {
    const house = running(ROOM, OTHER_ROOM);
    house.trouble.error = AWAY;
    await house.hears(ECHO);
    for (let minute = 0; minute < 60; minute += 1) await house.pass(60 * SECOND);
    return house;
  };

  it("gets what waits as soon as its sync is back", async () => {
    const { trouble, returns, jobs } = await longAway();
    trouble.error = undefined;
    await returns();
    expect(jobs.open()).toEqual([]);
  });

  it("gets what waits for every room as soon as it has taken the message of one", async () => {
    const { trouble, hears, jobs, outbox } = await longAway();
    trouble.error = undefined;
    await outbox.resumeDue([ROOM]);
    await hears(ECHO);
    expect(jobs.open()).toEqual([]);
  });

  it("is not asked at once by a room that it has told to wait", async () => {
    const { trouble, returns, tries } = await longAway();
    trouble.error = new SottoError("SEND_UNCERTAIN", "503", { retryAfterMs: 3_600 * SECOND });
    await returns();
    const before = tries();
    await returns();
    expect(tries()).toBe(before);
  });
});

it("a person who has done something about it is not kept waiting, in any room", async () => {
  const { hears, outbox, trouble, jobs } = running(ROOM, OTHER_ROOM);
  await hears(ECHO);
  trouble.error = undefined;
  await outbox.resume();
  expect(jobs.open()).toEqual([]);
});

it("nothing is tried once it has ended", async () => {
  const { hears, retries, pass, tries } = running(ROOM);
  await hears(ECHO);
  retries[Symbol.dispose]();
  await pass(60 * SECOND);
  expect(tries()).toBe(1);
});
