import { expect, it } from "vitest";
import { openStore } from "../../src/store/index.ts";
import { openTestStore, ROOM, storeOptions } from "../support/store.ts";

it("keeps what a room is known by before the homeserver is asked, and which it is afterwards", () => {
  const options = storeOptions();
  const store = openStore(options);
  store.madeRooms.begin("one", "marker");
  store.close();
  const { madeRooms } = openTestStore(options);
  expect(madeRooms.get("one")).toEqual({ marker: "marker", roomId: undefined });
  expect(madeRooms.get("two")).toBeUndefined();
  madeRooms.made("one", { marker: "marker", roomId: ROOM });
  expect(madeRooms.get("one")).toEqual({ marker: "marker", roomId: ROOM });
  madeRooms.begin("other", "marker");
  expect(madeRooms.keys("o")).toEqual(["one", "other"]);
  expect(madeRooms.keys("on")).toEqual(["one"]);
  expect(madeRooms.keys("_n")).toEqual([]);
  madeRooms.forget("one");
  expect(madeRooms.keys("o")).toEqual(["other"]);
  expect(madeRooms.get("one")).toBeUndefined();
});
