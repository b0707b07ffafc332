import { expect, it } from "vitest";
import type { StoppedRoom } from "../../src/model/stopped-room.ts";
import { OTHER_ROOM, openTestStore, ROOM, storeOptions } from "../support/store.ts";

const evacuated: StoppedRoom = {
  ...{ roomId: ROOM, because: "evacuated", sinceMs: 1_000 },
  ...{ message: "it was evacuated", cure: "`sotto evacuate --over`" },
};
const policy: StoppedRoom = {
  ...{ roomId: ROOM, because: "policy", sinceMs: 2_000 },
  ...{ message: "its history is open to the world", cure: "close it" },
};

it("a room is stopped for each reason by itself, and lifted from each by itself", () => {
  const { stoppedRooms } = openTestStore();
  stoppedRooms.stop(policy);
  stoppedRooms.stop(evacuated);
  expect(stoppedRooms.of(ROOM)).toEqual([evacuated, policy]);
  expect(stoppedRooms.of(OTHER_ROOM)).toEqual([]);
  expect(stoppedRooms.lift(ROOM, "evacuated")).toBe(true);
  expect(stoppedRooms.lift(ROOM, "evacuated")).toBe(false);
  expect(stoppedRooms.all()).toEqual([policy]);
  expect(stoppedRooms.lift(ROOM, "policy")).toBe(true);
  expect(stoppedRooms.all()).toEqual([]);
});

it("what a room is stopped for may be said anew; it is stopped since the first time", () => {
  const { stoppedRooms } = openTestStore();
  stoppedRooms.stop(policy);
  stoppedRooms.stop({ ...policy, message: "guests may come in", cure: "forbid it", sinceMs: 9_000 });
  expect(stoppedRooms.of(ROOM)).toEqual([
    { ...policy, message: "guests may come in", cure: "forbid it", sinceMs: 2_000 },
  ]);
});

it("the next process knows it", () => {
  const options = storeOptions();
  const first = openTestStore(options);
  first.stoppedRooms.stop(evacuated);
  first.close();
  expect(openTestStore(options).stoppedRooms.of(ROOM)).toEqual([evacuated]);
});
