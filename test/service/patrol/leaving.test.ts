import { expect, it } from "vitest";
import { silentLogger } from "../../../src/log.ts";
import type { Account } from "../../../src/service/account.ts";
import { Leaving } from "../../../src/service/patrol/leaving.ts";
import { Stops } from "../../../src/service/stops.ts";
import type { Store } from "../../../src/store/index.ts";
import { outboxOn } from "../../support/faulty-ports.ts";
import { batch, joined, member, OWN, openTestStore, ROOM } from "../../support/store.ts";

/** In a room that is below the policy; the homeserver takes each leave, and its sync has not told of it yet. */
function leavingOn(store: Store, operatorsRoom?: string) {
  store.rooms.apply(batch({ joined: [joined([member(OWN, "join")])] }), OWN);
  store.stoppedRooms.stop({ roomId: ROOM, because: "policy", message: "open", cure: "close it", sinceMs: 1 });
  const { outbox, encryptor } = outboxOn(store);
  const stops = new Stops({ store, logger: silentLogger, settled: async () => {}, lifted: () => {} });
  const rooms = { leave: async () => undefined };
  const config = { operatorsRoom };
  const account = { store, outbox, stops, rooms, config, logger: silentLogger } as unknown as Account;
  return { leaving: new Leaving(account, 0), encryptor };
}

it("a room that was left is not begun to be left again before sync tells: the operators hear of it", async () => {
  const store = openTestStore();
  const { leaving, encryptor } = leavingOn(store);
  leaving.announce();
  await expect.poll(() => leaving.due()).toEqual([ROOM]);
  await leaving.leave(ROOM);
  leaving.announce();
  await new Promise(setImmediate);
  expect(encryptor.encrypted).toHaveLength(1);
  store.rooms.apply(batch({ left: [{ ...joined([member(OWN, "leave")]), roomId: ROOM }] }), OWN);
  expect(store.patrol.news().left).toEqual([ROOM]);
});

it("a room that is not stopped any more is not left, whatever was said there", async () => {
  const store = openTestStore();
  const { leaving } = leavingOn(store);
  leaving.announce();
  await expect.poll(() => leaving.due()).toEqual([ROOM]);
  store.stoppedRooms.lift(ROOM, "policy");
  expect(leaving.due()).toEqual([]);
});

it("what has become the operators' room is not left, nor what was accepted in its place", async () => {
  const store = openTestStore();
  const { leaving: before } = leavingOn(store);
  before.announce();
  await expect.poll(() => before.due()).toEqual([ROOM]);
  expect(leavingOn(store, ROOM).leaving.due()).toEqual([]);
  store.successors.accept("!old", ROOM);
  const { leaving } = leavingOn(store, "!old");
  expect(leaving.due()).toEqual([]);
  expect(leaving.nextMs()).toBe(Infinity);
});
