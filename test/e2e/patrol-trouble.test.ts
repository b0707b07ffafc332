import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { LONG_MS, PATIENCE, PatrolledRooms } from "../support/patrolled-rooms.ts";
import { record } from "../support/recordings.ts";
import { isSend } from "../support/room-events.ts";
import { errorOf } from "../support/sotto.ts";
import { openWorld, type World } from "../support/world.ts";
import type { RecordedRequest } from "./recording-proxy.ts";

// A patrol beside a homeserver that does not answer, answers partly, or changes its rooms without end.

const world: World = await openWorld();
const { newListener, proxy } = world;
let recording: string;
let on: PatrolledRooms;

beforeAll(async () => {
  recording = await record("in-trouble.wav", "anoisesrc=duration=1:seed=9:amplitude=0.3");
});
beforeEach(async () => {
  proxy.passOnEverything();
  on = await PatrolledRooms.open(world);
});

const stateOf =
  (roomId: string) =>
  ({ path }: RecordedRequest): boolean =>
    path.split("?")[0]!.endsWith(`/rooms/${encodeURIComponent(roomId)}/state`);
/** Looks at one room; more than notices in ten minutes. */
const ROUNDS = 8;
const refused = async () => errorOf(await on.bot.run(["send", recording, "--room", on.roomId]));
const STOPPED = { code: "ROOM_BELOW_POLICY", exitCode: 1 };
const topic = (roomId: string, text: string) => on.setState(roomId, "m.room.topic", { topic: text });

describe("a homeserver that does not show a room any more", () => {
  it(
    "frees nobody who is in it: live, and when all is looked at; what it then shows is looked at",
    async () => {
      const first = await on.start();
      await on.begun();
      const stranger = await newListener({ signed: false });
      await on.owner.request("invite", { roomId: on.roomId, userId: stranger.userId });
      await stranger.request("join", { roomId: on.roomId });
      await on.told("SOTTO-DEV-001");

      const hidden = stateOf(on.roomId);
      proxy.intercept(hidden, { status: 500 });
      const asked = proxy.arrival(hidden);
      await topic(on.roomId, "it has changed");
      await asked;
      // looks come one after another: when this one is told, that one has ended
      await on.visible("world_readable", on.operatorsRoom);
      await first.says('"rule":"SOTTO-ACC-001"');
      expect(await refused()).toMatchObject(STOPPED);
      expect((await first.end("SIGTERM")).code).toBe(0);

      await on.visible("shared", on.operatorsRoom);
      const second = await on.start();
      await second.says("the patrol has looked at all");
      expect(await refused()).toMatchObject(STOPPED);
      expect((await on.notices()).join()).not.toContain("Voice again");

      proxy.passOnEverything();
      await on.visible("world_readable");
      // of the operators' room itself it was said before
      await on.told(`SOTTO-ACC-001 ${on.roomId}`);
      await on.visible("shared");
      await stranger.request("leave", { roomId: on.roomId });
      await on.told("Voice again: ");
      expect((await second.end("SIGTERM")).code).toBe(0);
    },
    LONG_MS,
  );

  it("has it looked at again when it was not shown at the start", async () => {
    await on.visible("world_readable");
    proxy.intercept(stateOf(on.roomId), { status: 429, body: { errcode: "M_LIMIT_EXCEEDED" } });
    const service = await on.start();
    await service.says("the patrol has looked at all");
    proxy.passOnEverything();
    await on.told("No voice until it is cured: ");
    expect((await service.end("SIGTERM")).code).toBe(0);
  });
});

describe("a kill while a room is being stopped", () => {
  it("leaves it stopped, and the operators hear it once", async () => {
    const first = await on.start();
    await on.begun();
    await on.visible("world_readable");
    await first.says("nothing goes into a room any more");
    await first.end("SIGKILL");
    expect(await refused()).toMatchObject(STOPPED);
    const second = await on.start();
    await second.says("the patrol has looked at all");
    await on.told("No voice until it is cured: ");
    await on.visible("shared");
    await on.told("Voice again: ");
    await on.told("No voice until it is cured: ");
    expect((await second.end("SIGTERM")).code).toBe(0);
  });
});

describe("an administrator's token that is of no use", () => {
  it("does not keep our own rooms from being looked at, when it starts and live", async () => {
    const adminTokenFile = on.bot.secretFile("a token of yesterday");
    on.bot.configure({ patrol: { every: "6h", adminTokenFile } });
    const service = await on.start();
    await service.says("patrol.adminTokenFile is of no use");
    await service.says("the patrol has looked at all");
    await on.visible("world_readable");
    await on.told("No voice until it is cured: ");
    expect((await service.end("SIGTERM")).code).toBe(0);
  });
});

describe("a room that changes without end", () => {
  it(
    "is flooded with nothing, nor is the operators' room, which does the same; the last word counts",
    async () => {
      on.bot.configure({ patrol: { every: "6h", leave: true } });
      const service = await on.start();
      await on.begun();
      const sentTo = (roomId: string) =>
        proxy.requests.filter(
          (request) => isSend(request) && request.path.includes(encodeURIComponent(roomId)),
        );
      const before = sentTo(on.operatorsRoom).length;
      for (let round = 0; round < ROUNDS; round += 1) {
        const looked = proxy.arrival(stateOf(on.operatorsRoom));
        for (const room of [on.roomId, on.operatorsRoom])
          await on.visible(round % 2 === 0 ? "world_readable" : "shared", room);
        await looked;
      }
      await on.sentTimes(on.roomId, 1);
      expect(sentTo(on.roomId)).toHaveLength(1);
      await on.visible("world_readable");
      // until it is stopped, what is sent arrives
      await expect.poll(refused, PATIENCE).toMatchObject(STOPPED);
      expect(sentTo(on.operatorsRoom).length - before).toBeLessThanOrEqual(6);
      expect((await service.end("SIGTERM")).code).toBe(0);
    },
    LONG_MS,
  );
});
