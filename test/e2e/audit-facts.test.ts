import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Sotto } from "../../src/index.ts";
import type { Facts } from "../../src/model/facts.ts";
import type { RoomFacts, RoomState } from "../../src/model/room-facts.ts";
import { type CollectOptions, collectFacts } from "../../src/service/audit/collect.ts";
import { readFacts } from "../../src/service/audit/files.ts";
import type { Bot } from "../support/bot.ts";
import { known, roomOf, userOf } from "../support/collected.ts";
import { sotto } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";
import { signListener } from "../witness/sign-listener.ts";

// What an audit reads of a real Synapse as a member, and what it reads again; as its administrator:
// test/e2e/audit-facts-admin.test.ts.

const { newConversation, newDevice, proxy, synapse } = await openWorld();
let bot: Bot;
let listener: Listener;
let roomId: string;

/** Collects as a command does that holds the store itself: each time a process's whole life but for the process. */
async function collect(options: CollectOptions = {}): Promise<Facts> {
  await using opened = await Sotto.open(bot.config);
  return await collectFacts(opened.account, options);
}

/** The paths that the bot has called meanwhile. */
async function pathsOf(work: () => Promise<unknown>): Promise<string[]> {
  const before = proxy.requests.length;
  await work();
  return proxy.requests.slice(before).map(({ path }) => decodeURIComponent(path.split("?")[0]!));
}

const roomIn = (facts: Facts, id = roomId): RoomFacts => roomOf(facts, id);
const stateIn = (facts: Facts, id = roomId): RoomState => known(roomOf(facts, id).state);
const call = (path: string, body: object, method = "POST", token = listener.session.accessToken) =>
  synapse.request(method, `/_matrix/client/v3/${path}`, token, body);
const setState = (type: string, content: object, id = roomId) =>
  call(`rooms/${encodeURIComponent(id)}/state/${type}/`, content, "PUT");
const sendClear = (type: string, content: object) =>
  call(`rooms/${encodeURIComponent(roomId)}/send/${type}/${randomUUID()}`, content, "PUT");

beforeAll(async () => {
  ({ bot, listener, roomId } = await newConversation());
  await call(`join/${encodeURIComponent(roomId)}`, {}, "POST", bot.accessToken);
});

describe("what the bot's own account reads", () => {
  it("is the room's state and its past, of which the words are not kept", async () => {
    const { eventId, sessionId } = await listener.request("send_text", { roomId, body: "word of a friend" });
    await sendClear("m.room.message", {
      msgtype: "m.image",
      body: "clear-picture-name",
      url: "mxc://example.org/clearpicture",
      "m.relates_to": { "m.in_reply_to": { event_id: eventId } },
    });
    const facts = await collect();
    expect(facts).toMatchObject({ schemaVersion: 1, by: bot.userId, scope: "member" });
    const state = stateIn(facts);
    expect(state).toMatchObject({
      create: { sender: listener.userId, isFederated: true, type: null },
      encryption: { algorithm: "m.megolm.v1.aes-sha2", sender: listener.userId },
      joinRule: { rule: "invite", allowedRooms: [] },
      powerLevels: { isSet: true },
    });
    expect(state.members.map(({ userId, membership }) => [userId, membership]).toSorted()).toEqual(
      [
        [bot.userId, "join"],
        [listener.userId, "join"],
      ].toSorted(),
    );
    const { isWhole, envelopes } = known(roomIn(facts).timeline);
    expect(isWhole).toBe(true);
    expect(envelopes.at(-1)).toMatchObject({ type: "m.room.create" });
    expect(envelopes[0]).toMatchObject({
      type: "m.room.message",
      msgtype: "m.image",
      media: "clear",
      relation: "m.in_reply_to",
    });
    expect(envelopes[1]).toMatchObject({ eventId, sessionId, type: "m.room.encrypted" });
    expect(envelopes.find(({ type }) => type === "m.room.power_levels")?.content).toHaveProperty("users");
    expect(JSON.stringify(facts)).not.toMatch(/word of a friend|clear-picture-name|ciphertext/);
    expect(roomIn(facts).isListed).toEqual({ value: false });
    expect(roomIn(facts).clearMedia).toHaveProperty("unread");
  });

  it("is who has signed what", async () => {
    const facts = await collect();
    const friend = userOf(facts, listener.userId);
    expect(friend.rooms).toEqual([roomId]);
    expect(friend.identity).toEqual({
      value: {
        masterKey: listener.identity?.masterKey,
        isConsistent: true,
        isVerifiedByUs: { value: false },
        change: { value: "none" },
      },
    });
    expect(known(friend.devices)).toEqual([
      expect.objectContaining({
        deviceId: listener.session.deviceId,
        keys: { ed25519: listener.session.ed25519, curve25519: listener.session.curve25519 },
        isSelfSigned: true,
        isCrossSigned: true,
        isDehydrated: false,
      }),
    ]);
    expect(friend.account).toHaveProperty("unread");
    const own = userOf(facts, bot.userId);
    expect(known(own.identity)).toMatchObject({ isConsistent: true, isVerifiedByUs: { value: true } });
    expect(known(own.devices)).toMatchObject([{ deviceId: bot.deviceId, isCrossSigned: true }]);
  });

  it("is as deep as was asked for, and says what it has not seen", async () => {
    const { isWhole, envelopes } = known(roomIn(await collect({ depth: 3 })).timeline);
    expect(isWhole).toBe(false);
    expect(envelopes).toHaveLength(3);
  });

  it("of one room, by its ID; and of a stranger's, nothing", async () => {
    expect((await collect({ rooms: [roomId] })).rooms).toHaveLength(1);
    await expect(collect({ rooms: ["!elsewhere:example.org"] })).rejects.toMatchObject({
      code: "ROOM_NOT_JOINED",
    });
  });
});

const REREAD = /\/state$|\/messages$/;

describe("a second audit", () => {
  it("reads nothing again that has not changed, and finds the same", async () => {
    const first = await collect();
    let second: Facts | undefined;
    const paths = await pathsOf(async () => {
      second = await collect();
    });
    expect(paths.filter((path) => REREAD.test(path))).toEqual([]);
    expect({ ...second, collectedMs: 0 }).toEqual({ ...first, collectedMs: 0 });
  });

  it("sees what was changed between, also behind more than a sync shows", async () => {
    await collect();
    await setState("m.room.topic", { topic: "something new" });
    for (let message = 0; message < 60; message += 1)
      await sendClear("m.room.message", { msgtype: "m.text", body: "more" });
    const facts = await collect();
    expect(stateIn(facts).topic).toBe("something new");
    expect(known(roomIn(facts).timeline).envelopes.length).toBeGreaterThan(60);
  });

  it("sees a change that comes while it reads", async () => {
    await setState("m.room.topic", { topic: "before" });
    const isState = ({ path }: { path: string }) => path.endsWith("/state");
    // the homeserver has answered with the old topic before the new one is there
    let changed: Promise<unknown> | undefined;
    const stop = proxy.intercept(isState, {
      rewrite(answer) {
        changed ??= setState("m.room.topic", { topic: "meanwhile" });
        return answer;
      },
    });
    await collect();
    stop();
    await changed;
    expect(stateIn(await collect()).topic).toBe("meanwhile");
  });

  it("sees a new device that nobody has signed, and one that has gone", async () => {
    await collect();
    const device = await newDevice(listener.account);
    const devices = known(userOf(await collect(), listener.userId).devices);
    expect(devices).toHaveLength(2);
    expect(devices.find(({ deviceId }) => deviceId === device.session.deviceId)).toMatchObject({
      isSelfSigned: true,
      isCrossSigned: false,
    });
    await call("logout", {}, "POST", device.session.accessToken);
    expect(known(userOf(await collect(), listener.userId).devices)).toHaveLength(1);
  });

  it("sees that a person was verified, and that their identity was exchanged", async () => {
    const { userId, account, session } = listener;
    await collect();
    const verified = await bot.run(["verify", userId, "--fingerprint", listener.identity!.masterKey]);
    expect(verified.code).toBe(0);
    const identity = async () => known(userOf(await collect(), userId).identity)!;
    expect(await identity()).toMatchObject({ isVerifiedByUs: { value: true }, change: { value: "none" } });
    const { masterKey } = await signListener({
      baseUrl: synapse.baseUrl,
      ...session,
      password: account.password,
    });
    expect(await identity()).toMatchObject({
      masterKey,
      isConsistent: true,
      isVerifiedByUs: { value: false },
      change: { value: "changed-after-verification" },
    });
  });

  it("sees who was invited, and who has left", async () => {
    await collect();
    const guest = await synapse.registerUser(`guest${Date.now()}`);
    await call(`rooms/${encodeURIComponent(roomId)}/invite`, { user_id: guest.userId });
    const invited = await collect();
    expect(stateIn(invited).members).toContainEqual(
      expect.objectContaining({ userId: guest.userId, membership: "invite" }),
    );
    expect(userOf(invited, guest.userId).identity).toEqual({ value: null });
    await call(`rooms/${encodeURIComponent(roomId)}/leave`, {}, "POST", guest.accessToken);
    expect(userOf(await collect(), guest.userId)).toBeUndefined();
  });

  it("sees that the directory shows the room now", async () => {
    const list = (visibility: string) =>
      call(`directory/list/room/${encodeURIComponent(roomId)}`, { visibility }, "PUT");
    await collect();
    await list("public");
    expect(roomIn(await collect()).isListed).toEqual({ value: true });
    await list("private");
  });
});

describe("beside the running service", () => {
  it("the audit is the service's, and the facts come whole", async () => {
    const service = bot.start(["run"]);
    await service.says('"message":"running"');
    onTestFinished(() => void service.end("SIGTERM"));
    await setState("m.room.topic", { topic: "while it runs" });
    const file = join(bot.home, "facts.json");
    const { stderr } = await sotto([
      "audit",
      "--config",
      bot.config,
      "--save-facts",
      file,
      "--fail-on",
      "never",
    ]);
    expect(stderr).toContain("kept as audit");
    const facts = readFacts(file);
    await service.end("SIGTERM");
    expect(stateIn(facts).topic).toBe("while it runs");
    // another process, whose sync has nothing new to tell
    let again: Facts | undefined;
    const paths = await pathsOf(async () => {
      again = await collect();
    });
    expect(paths.filter((path) => REREAD.test(path))).toEqual([]);
    // the service logs at another level than this process
    const { logLevel } = known(facts.own).settings;
    const own = known(again!.own);
    const level = { value: { ...own, settings: { ...own.settings, logLevel } } };
    expect({ ...again, own: level, collectedMs: 0 }).toEqual({ ...facts, collectedMs: 0 });
  });
});
