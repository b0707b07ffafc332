import { randomUUID } from "node:crypto";
import { copyFile, mkdtemp, rename } from "node:fs/promises";
import { basename, join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { sentBy } from "../support/room-events.ts";
import { errorOf, type RunningSotto } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// `sotto run` with a patrol: somebody opens a room, its voice waits, the operators hear of it, and all goes on.

const { folder, newConversation, newListener, proxy, synapse } = await openWorld();
const PATIENCE = { timeout: 60_000, interval: 100 };
let bot: Bot;
let owner: Listener;
let roomId: string;
let operatorsRoom: string;
let inbox: string;
let recordings: string[];

beforeAll(async () => {
  recordings = await Promise.all(
    [1, 2, 3].map((seed) =>
      record(`on-patrol-${seed}.wav`, `anoisesrc=duration=1:seed=${seed}:amplitude=0.3`),
    ),
  );
});

beforeEach(async () => {
  ({ bot, listener: owner, roomId } = await newConversation());
  ({ roomId: operatorsRoom } = await owner.request("create_room", { invite: [bot.userId] }));
  inbox = await mkdtemp(join(folder, "inbox-"));
  bot.configure({
    connectors: { inbox: { type: "folder", path: inbox, settle: "1s" } },
    routes: [{ from: "inbox", to: roomId }],
    acceptInvitesFrom: [owner.userId],
    patrol: { every: "6h" },
    operatorsRoom,
  });
  for (const room of [roomId, operatorsRoom]) await guard(room);
});

/** What else is at the policy's default. */
async function guard(room: string): Promise<void> {
  const levels = await state<{ events: Record<string, number> }>(room, "m.room.power_levels");
  const guarded = [
    "encryption",
    "history_visibility",
    "power_levels",
    "join_rules",
    "tombstone",
    "server_acl",
  ];
  for (const type of [...guarded, "guest_access"]) levels.events[`m.room.${type}`] = 100;
  await setState(room, "m.room.power_levels", levels);
}

const path = (room: string, rest: string) => `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/${rest}`;
const state = <T>(room: string, type: string) =>
  synapse.request<T>("GET", path(room, `state/${type}/`), owner.session.accessToken);
const setState = (room: string, type: string, content: object) =>
  synapse.request("PUT", path(room, `state/${type}/`), owner.session.accessToken, content);
const visible = (to: string) => setState(roomId, "m.room.history_visibility", { history_visibility: to });

async function startPatrol(): Promise<RunningSotto> {
  const service = bot.start(["run"]);
  await service.says('"message":"running"');
  return service;
}

async function drop(recording: string): Promise<void> {
  const hidden = join(inbox, `.${basename(recording)}`);
  await copyFile(recording, hidden);
  await rename(hidden, join(inbox, `${randomUUID()}.wav`));
}

const sent = async (room: string) =>
  (await sentBy(synapse, room, owner.session.accessToken, bot.userId)).map(({ event_id }) => event_id);
const sentTimes = (room: string, count: number) =>
  vi.waitFor(async () => expect(await sent(room)).toHaveLength(count), PATIENCE);
const heard = new Map<string, Promise<string>>();
/** The witness gives each event once. */
function words(eventId: string): Promise<string> {
  const before = heard.get(eventId);
  if (before) return before;
  const hearing = owner.request("wait_event", { roomId: operatorsRoom, eventId }).then((event) => {
    expect(event.decrypted).toBe(true);
    return String(event.content.body);
  });
  heard.set(eventId, hearing);
  return hearing;
}
/** A notice that says it, of all that were sent to the operators. */
const told = (text: string) =>
  vi.waitFor(async () => {
    const all = await Promise.all((await sent(operatorsRoom)).map(words));
    expect(all.filter((body) => body.includes(text))).toHaveLength(1);
  }, PATIENCE);

describe("a room that is opened to the world", () => {
  it("gets no voice until it is cured, through kills and restarts; the operators hear each thing once", async () => {
    const first = await startPatrol();
    await drop(recordings[0]!);
    await sentTimes(roomId, 1);

    await visible("world_readable");
    await first.says("nothing goes into a room any more");
    await told("No voice until it is cured: ");
    await told("SOTTO-ACC-001");
    await drop(recordings[1]!);
    const refused = errorOf(await bot.run(["send", recordings[2]!, "--room", roomId]));
    expect(refused).toMatchObject({ code: "ROOM_BELOW_POLICY", exitCode: 1 });
    await first.end("SIGKILL");

    const notices = await sent(operatorsRoom);
    const second = await startPatrol();
    await drop(recordings[2]!);
    await vi.waitFor(async () => {
      const listed = await bot.run(["queue", "list"]);
      expect((JSON.parse(listed.stdout) as { total: number }).total).toBe(2);
    }, PATIENCE);
    expect(await sent(roomId)).toHaveLength(1);
    expect(await sent(operatorsRoom)).toEqual(notices);

    await visible("shared");
    await told("Voice again: ");
    await sentTimes(roomId, 3);
    expect((await second.end("SIGTERM")).code).toBe(0);
    expect(await sent(roomId)).toHaveLength(3);
  });
});

describe("a member without an identity", () => {
  it("stops the rooms they are in, and frees them when they are gone", async () => {
    const service = await startPatrol();
    const stranger = await newListener({ signed: false });
    await owner.request("invite", { roomId, userId: stranger.userId });
    await stranger.request("join", { roomId });
    await told("SOTTO-DEV-001");
    await drop(recordings[0]!);
    await stranger.request("leave", { roomId });
    await told("Voice again: ");
    await sentTimes(roomId, 1);
    expect((await service.end("SIGTERM")).code).toBe(0);
  });
});

describe("a room that stays below the policy", () => {
  it("is left where the config says so, after that was said in it, encrypted", async () => {
    bot.configure({ patrol: { every: "6h", leave: true, leaveAfter: "2s" } });
    const service = await startPatrol();
    await visible("world_readable");
    await sentTimes(roomId, 1);
    const [eventId] = await sent(roomId);
    const announced = await owner.request("wait_event", { roomId, eventId });
    expect(announced).toMatchObject({ decrypted: true, sender: bot.userId });
    expect(announced.content.body).toContain("I leave this room");
    await told("Left, since it was not cured: ");
    const member = await synapse.request<{ membership: string }>(
      "GET",
      path(roomId, `state/m.room.member/${encodeURIComponent(bot.userId)}`),
      owner.session.accessToken,
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
      owner.session.accessToken,
      { preset: "public_chat", invite: [bot.userId] },
    );
    bot.configure({ operatorsRoom: clear.room_id });
    const service = await startPatrol();
    await visible("world_readable");
    await service.says("the operators' room cannot be used");
    await service.says("nothing goes into a room any more");
    expect(await sent(clear.room_id)).toEqual([]);
    const { stderr } = await service.end("SIGTERM");
    expect(stderr).toContain('"code":"ROOM_NOT_ENCRYPTED"');
    for (const person of [owner.userId, bot.userId])
      for (const line of stderr.split("\n").filter((text) => text.includes("patrol")))
        expect(line).not.toContain(person);
  });
});

describe("when nothing changes", () => {
  it("the patrol asks the homeserver for nothing", async () => {
    const service = await startPatrol();
    await told("Patrol: ");
    await service.says("the patrol has looked at all");
    const before = proxy.requests.length;
    await owner.request("send_text", { roomId, body: "nothing of interest" });
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
