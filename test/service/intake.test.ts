import { describe, expect, it } from "vitest";
import { SottoError } from "../../src/errors.ts";
import type { NewJob } from "../../src/model/outbox-store.ts";
import type { Account } from "../../src/service/account.ts";
import type { Destinations } from "../../src/service/relay/destinations.ts";
import { createIntake } from "../../src/service/relay/intake.ts";
import type { Route } from "../../src/service/relay/routes.ts";
import { openTestStore } from "../support/store.ts";

const DOOR = "#door:example.org";
const GATE = "#gate:example.org";
const ROOMS: Record<string, string> = { [DOOR]: "!door", [GATE]: "!gate" };

/** A connector's intake with a route to each room; `moved` leads elsewhere by now, `pending` is not known yet. */
function open(moved?: string, pending?: string) {
  const store = openTestStore();
  const outbox = {
    take: (jobs: Omit<NewJob, "createdMs">[], origin: string) =>
      store.jobs.insert(
        jobs.map((job) => ({ ...job, createdMs: 0 })),
        origin,
      ),
  };
  const destinations: Pick<Destinations, "roomId" | "knownRoomId" | "isPending"> = {
    roomId(room) {
      if (room === moved) throw new SottoError("ROUTE_UNKNOWN", `${room} names another room`);
      if (room === pending) throw new SottoError("HOMESERVER_UNREACHABLE", `${room} is not known yet`);
      return ROOMS[room]!;
    },
    knownRoomId: (room) => ([moved, pending].includes(room) ? undefined : ROOMS[room]),
    isPending: (room) => room === pending,
  };
  const route = { announce: false, priority: "normal", onMissed: "leave", from: "api" } as const;
  const intake = createIntake({
    account: { store, outbox } as unknown as Account,
    destinations: destinations as unknown as Destinations,
    source: "api",
    routes: (): Route[] => Object.keys(ROOMS).map((to) => ({ ...route, to })),
  });
  const take = (room?: string) =>
    intake.take({ id: "1", source: { bytes: Buffer.from("RIFF") }, ...(room && { room }) });
  return { take, roomsOf: (jobs: number[]) => jobs.map((job) => store.jobs.get(job)?.roomId) };
}

describe("a recording for one room", () => {
  it.each([DOOR, "!door"])("named %s, goes there alone", async (room) => {
    const { take, roomsOf } = open();
    expect(roomsOf((await take(room)).jobs)).toEqual(["!door"]);
  });

  it.each([DOOR, "!door"])("named %s, is taken though the alias of another route was moved", async (room) => {
    const { take, roomsOf } = open(GATE);
    expect(roomsOf((await take(room)).jobs)).toEqual(["!door"]);
  });

  it("is refused where its own alias was moved, and hears nothing of other rooms", async () => {
    await expect(open(DOOR).take(DOOR)).rejects.toMatchObject({ message: `${DOOR} names another room` });
    await expect(open(GATE).take("!else")).rejects.toMatchObject({
      code: "ROUTE_UNKNOWN",
      message: "no route leads from api to !else",
    });
  });
});

it("a room that may be one of those that were not looked up yet is not refused for good", async () => {
  const { take, roomsOf } = open(undefined, GATE);
  await expect(take("!gate")).rejects.toMatchObject({ code: "HOMESERVER_UNREACHABLE" });
  expect(roomsOf((await take(DOOR)).jobs)).toEqual(["!door"]);
});

it("a recording for all rooms waits for the one whose alias was moved", async () => {
  await expect(open(GATE).take()).rejects.toMatchObject({ code: "ROUTE_UNKNOWN" });
});
