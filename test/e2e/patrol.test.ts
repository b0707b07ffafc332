import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { LONG_MS, PATIENCE, PatrolledRooms, roomPath } from "../support/patrolled-rooms.ts";
import { record } from "../support/recordings.ts";
import { errorOf } from "../support/sotto.ts";
import { openWorld, type World } from "../support/world.ts";

// `sotto run` with a patrol: somebody opens a room, its voice waits, the operators hear of it, and all goes on.

const world: World = await openWorld();
const { newListener, proxy, synapse } = world;
/** In order; each has its own length. */
let recordings: string[];
let on: PatrolledRooms;

beforeAll(async () => {
  recordings = await Promise.all(
    [1, 2, 3].map((seconds) =>
      record(`on-patrol-${seconds}.wav`, `anoisesrc=duration=${seconds}:seed=${seconds}:amplitude=0.3`),
    ),
  );
});

beforeEach(async () => {
  on = await PatrolledRooms.open(world);
});

const doctorSays = async () => {
  const { checks } = JSON.parse((await on.bot.run(["doctor"])).stdout) as {
    checks: { name: string; result: string; message: string }[];
  };
  return checks.find(({ name }) => name === "operators' room");
};

/** Of what was heard in the room, in seconds and in order. */
const lengths = async (): Promise<number[]> => {
  const { roomId } = on;
  const heard: number[] = [];
  for (const eventId of await on.sent(roomId)) {
    const { content } = await on.owner.request("wait_event", { roomId, eventId });
    heard.push(Math.round((content.info as { duration: number }).duration / 1_000));
  }
  return heard;
};

describe("a room that is opened to the world", () => {
  it(
    "gets no voice until it is cured, through kills and restarts; the operators hear each thing once",
    async () => {
      const first = await on.start();
      await on.drop(recordings[0]!);
      await on.sentTimes(on.roomId, 1);

      await on.visible("world_readable");
      await first.says("nothing goes into a room any more");
      await on.told("No voice until it is cured: ");
      await on.told("SOTTO-ACC-001");
      await on.drop(recordings[1]!);
      const refused = errorOf(await on.bot.run(["send", recordings[2]!, "--room", on.roomId]));
      expect(refused).toMatchObject({ code: "ROOM_BELOW_POLICY", exitCode: 1 });
      // what proves would be voice too: nothing of it waits to go there later
      const proof = ["prove", "--room", on.roomId, "--media", world.folder];
      expect(errorOf(await on.bot.run(proof))).toMatchObject({ code: "ROOM_BELOW_POLICY" });
      await first.end("SIGKILL");

      const notices = await on.sent(on.operatorsRoom);
      const second = await on.start();
      await on.drop(recordings[2]!);
      await vi.waitFor(async () => {
        const listed = await on.bot.run(["queue", "list"]);
        expect((JSON.parse(listed.stdout) as { total: number }).total).toBe(2);
      }, PATIENCE);
      expect(await on.sent(on.roomId)).toHaveLength(1);
      expect(await on.sent(on.operatorsRoom)).toEqual(notices);

      await on.visible("shared");
      await on.told("Voice again: ");
      await on.sentTimes(on.roomId, 3);
      expect((await second.end("SIGTERM")).code).toBe(0);
      expect(await lengths()).toEqual([1, 2, 3]);
      const said = await on.notices();
      const at = (text: string) => said.findIndex((body) => body.includes(text));
      expect(at("No voice until it is cured: ")).toBeLessThan(at("Voice again: "));
      expect(at("Voice again: ")).toBe(said.length - 1);
    },
    LONG_MS,
  );
});

describe("a member without an identity", () => {
  it("stops the rooms they are in, and frees them when they are gone", async () => {
    const service = await on.start();
    const stranger = await newListener({ signed: false });
    await on.owner.request("invite", { roomId: on.roomId, userId: stranger.userId });
    await stranger.request("join", { roomId: on.roomId });
    await on.told("SOTTO-DEV-001");
    await on.drop(recordings[0]!);
    await stranger.request("leave", { roomId: on.roomId });
    await on.told("Voice again: ");
    await on.sentTimes(on.roomId, 1);
    expect((await service.end("SIGTERM")).code).toBe(0);
  });
});

describe("a room that stays below the policy", () => {
  it("is left where the config says so, after that was said in it, encrypted", async () => {
    on.bot.configure({ patrol: { every: "6h", leave: true, leaveAfter: "2s" } });
    const service = await on.start();
    await service.says("the patrol has looked at all");
    await on.visible("world_readable");
    await service.says("nothing goes into a room any more");
    // it rests now from the look: this waits to be looked at, and does not keep us
    await on.setState(on.roomId, "m.room.topic", { topic: "still open" });
    await on.sentTimes(on.roomId, 1);
    const [eventId] = await on.sent(on.roomId);
    const announced = await on.owner.request("wait_event", { roomId: on.roomId, eventId });
    expect(announced).toMatchObject({ decrypted: true, sender: on.bot.userId });
    expect(announced.content.body).toContain("I leave this room");
    await on.told("Left, since it was not cured: ");
    const member = await synapse.request<{ membership: string }>(
      "GET",
      roomPath(on.roomId, `state/m.room.member/${encodeURIComponent(on.bot.userId)}`),
      on.owner.session.accessToken,
    );
    expect(member.membership).toBe("leave");
    expect((await service.end("SIGTERM")).code).toBe(0);
  });
});

describe("the operators' room", () => {
  it("that is not encrypted is refused, and told nothing; the room is stopped all the same", async () => {
    const clear = await synapse.request<{ room_id: string }>(
      "POST",
      "/_matrix/client/v3/createRoom",
      on.owner.session.accessToken,
      { preset: "public_chat", invite: [on.bot.userId] },
    );
    on.bot.configure({ operatorsRoom: clear.room_id });
    const service = await on.start();
    await on.visible("world_readable");
    // before it has joined there, it says so as well
    await service.says('"code":"ROOM_NOT_ENCRYPTED"');
    await service.says("nothing goes into a room any more");
    expect(await on.sent(clear.room_id)).toEqual([]);
    expect(await doctorSays()).toMatchObject({
      result: "fail",
      message: expect.stringContaining("not encrypted"),
    });
    const { stderr } = await service.end("SIGTERM");
    expect(stderr).toContain("the operators' room cannot be used");
    for (const person of [on.owner.userId, on.bot.userId])
      for (const line of stderr.split("\n").filter((text) => text.includes("patrol")))
        expect(line).not.toContain(person);
  });
});

describe("doctor", () => {
  it("tells whether the operators' room can be used", async () => {
    expect((await doctorSays())?.result).not.toBe("pass");
    const service = await on.start();
    await on.begun();
    expect(await doctorSays()).toMatchObject({ result: "pass" });
    await on.visible("world_readable", on.operatorsRoom);
    await on.told("below the policy itself");
    expect(await doctorSays()).toMatchObject({ result: "fail", message: expect.stringContaining("stopped") });
    on.bot.configure({ operatorsRoom: "!nowhere:example.org" });
    expect((await service.end("SIGTERM")).code).toBe(0);
    expect(await doctorSays()).toMatchObject({ result: "fail", message: expect.stringContaining("not in") });
  });
});

describe("when nothing changes", () => {
  it("the patrol asks the homeserver for nothing", async () => {
    const first = await on.start();
    // the account has joined the operators' room for it, which is a change
    await on.begun();
    await first.end("SIGTERM");
    const service = await on.start();
    await service.says("the patrol has looked at all");
    const before = proxy.requests.length;
    await on.owner.request("send_text", { roomId: on.roomId, body: "nothing of interest" });
    await vi.waitFor(
      () =>
        expect(
          proxy.requests.slice(before).filter(({ path }) => path.includes("/sync")).length,
        ).toBeGreaterThan(1),
      PATIENCE,
    );
    const since = proxy.requests.slice(before).map(({ method, path }) => `${method} ${path.split("?")[0]}`);
    expect(since.filter((line) => /\/(?:state|messages|directory|keys\/query)/.test(line))).toEqual([]);
    expect((await service.end("SIGTERM")).code).toBe(0);
  });
});
