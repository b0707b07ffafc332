import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/policy.ts";
import { Sotto } from "../../src/index.ts";
import { createTransport } from "../../src/matrix/index.ts";
import type { StepOutcome } from "../../src/model/enforcement.ts";
import type { Policy } from "../../src/model/policy.ts";
import { applyPlan } from "../../src/service/enforce/apply.ts";
import { handsOf } from "../../src/service/enforce/hands.ts";
import { type PlanArguments, planEnforcement } from "../../src/service/enforce/plan.ts";
import type { Bot } from "../support/bot.ts";
import { RoomOwner } from "../support/broken-rooms.ts";
import { enforcementSchema, schemaErrors } from "../support/schemas.ts";
import { type Listener, openWorld } from "../support/world.ts";
import { signListener } from "../witness/sign-listener.ts";

// What enforcement does to people and to what was said: it ends with somebody removed, something gone, or another room.

const { newBot, newListener, newAccount, newDevice, proxy, synapse } = await openWorld();
const { signal } = new AbortController();
const adminSession = await synapse.registerUser(`admin${randomUUID().slice(0, 8)}`, undefined, {
  admin: true,
});
let bot: Bot;
let owner: RoomOwner;

beforeAll(async () => {
  bot = await newBot();
  owner = new RoomOwner(synapse, { accessToken: bot.accessToken });
});

/** Plans and applies like the command, all that is asked for. */
async function enforce(
  roomId: string,
  change: Partial<Policy["people"]> = {},
  args: Partial<PlanArguments> & { isAdmin?: boolean } = {},
): Promise<StepOutcome[]> {
  await using sotto = await Sotto.open(bot.config);
  const { isAdmin, ...asked } = args;
  const policy = { ...DEFAULT_POLICY, people: { ...DEFAULT_POLICY.people, ...change } };
  const wanted = { policy, rooms: [roomId], ...(isAdmin && { adminTokenFile: "given" }), ...asked };
  const plan = await planEnforcement(sotto.account, wanted, signal);
  const admin = createTransport({ homeserver: proxy.baseUrl, accessToken: adminSession.accessToken });
  try {
    const hands = handsOf(sotto.account, isAdmin ? admin : undefined);
    const outcomes = await applyPlan(hands, plan, { confirmed: [roomId], signal });
    // what the command prints is as the published schema says
    const printed: unknown = JSON.parse(JSON.stringify({ schemaVersion: 1, outcomes, plan }));
    expect(schemaErrors(enforcementSchema(), printed)).toEqual([]);
    return outcomes;
  } finally {
    admin.close();
  }
}
const inShort = (outcomes: StepOutcome[]) =>
  outcomes.map(({ step, result }) => `${step.request.kind} ${result}`);
const memberOf = async (room: RoomOwner, roomId: string, userId: string) =>
  (
    await room.call(
      "GET",
      `rooms/${encodeURIComponent(roomId)}/state/m.room.member/${encodeURIComponent(userId)}`,
    )
  ).membership;

async function roomWith(listener: Listener): Promise<string> {
  const roomId = await owner.create({ preset: "private_chat", invite: [listener.userId] });
  await listener.request("join", { roomId });
  await enforce(roomId, { unsignedDevices: true, crossSigned: false });
  return roomId;
}

describe("a member whose device is unsigned", () => {
  it("is told twice, encrypted, and then removed", async () => {
    const careless = await newListener({ signed: false });
    const roomId = await roomWith(careless);
    expect(inShort(await enforce(roomId))).toEqual(["warn done"]);
    const encrypted = await owner.events(roomId, "m.room.encrypted");
    expect(encrypted).toHaveLength(1);
    expect(await owner.events(roomId, "m.room.message")).toEqual([]);
    // the time of grace is not over, and the next notice is not due
    expect(inShort(await enforce(roomId))).toEqual([]);
    expect(inShort(await enforce(roomId, { graceMs: 0 }))).toEqual(["warn done"]);
    expect(inShort(await enforce(roomId, { graceMs: 0 }))).toEqual(["kick done"]);
    expect(await memberOf(owner, roomId, careless.userId)).toBe("leave");
    expect(inShort(await enforce(roomId, { graceMs: 0 }))).toEqual([]);
  });
});

describe("a member who has signed since the removal was planned", () => {
  it.each([
    ["", {}],
    [
      ", also with another device that is not signed, where the policy lets that be",
      { unsignedDevices: true },
    ],
  ])("stays%s", async (_where, people: { unsignedDevices?: boolean }) => {
    const careful = await newListener({ signed: false });
    const roomId = await roomWith(careful);
    if (people.unsignedDevices) await newDevice(careful.account);
    await enforce(roomId, people);
    await enforce(roomId, { ...people, graceMs: 0 });
    await using sotto = await Sotto.open(bot.config);
    const policy = { ...DEFAULT_POLICY, people: { ...DEFAULT_POLICY.people, ...people, graceMs: 0 } };
    const plan = await planEnforcement(sotto.account, { policy, rooms: [roomId] }, signal);
    expect(plan.rooms.flatMap(({ steps }) => steps.map(({ request }) => request.kind))).toEqual(["kick"]);
    await signListener({ baseUrl: synapse.baseUrl, ...careful.session });
    const outcomes = await applyPlan(handsOf(sotto.account), plan, { confirmed: [], signal });
    expect(inShort(outcomes)).toEqual(["kick was-done"]);
    expect(await memberOf(owner, roomId, careful.userId)).toBe("join");
  });
});

describe("clear voice", () => {
  it("is gone from an encrypted room, with the media that its sender uploaded, and no others", async () => {
    const listener = await newListener();
    const roomId = await roomWith(listener);
    const theirs = new RoomOwner(synapse, listener.session);
    const upload = async (token: string): Promise<string> => {
      const body = { voice: randomUUID() };
      type Uploaded = { content_uri: string };
      return (await synapse.request<Uploaded>("POST", "/_matrix/media/v3/upload", token, body)).content_uri;
    };
    const say = (room: RoomOwner, url: string) =>
      room.call("PUT", `rooms/${encodeURIComponent(roomId)}/send/m.room.message/${randomUUID()}`, {
        ...{ msgtype: "m.audio", body: "voice", url },
      });
    const [ours, anothers] = [await upload(bot.accessToken), await upload(bot.accessToken)];
    const own = await upload(listener.session.accessToken);
    await say(owner, ours);
    await say(theirs, anothers);
    await say(theirs, own);
    const outcomes = await enforce(roomId, {}, { isAdmin: true });
    expect(inShort(outcomes)).toEqual(["redact done", "redact done", "redact done"]);
    expect(outcomes.map(({ message }) => message?.slice(0, 15))).toEqual([
      undefined,
      "the media stay:",
      undefined,
    ]);
    for (const { content } of await owner.events(roomId, "m.room.message")) expect(content).toEqual({});
    const isThere = async (uri: string): Promise<boolean> =>
      synapse
        .request("GET", `/_matrix/client/v1/media/download/${uri.slice("mxc://".length)}`, bot.accessToken)
        .then(
          () => true,
          () => false,
        );
    expect(await Promise.all([ours, anothers, own].map(isThere))).toEqual([false, true, false]);
    expect(inShort(await enforce(roomId, {}, { isAdmin: true }))).toEqual([]);
  });
});

describe("a room that only another one cures", () => {
  const ENCRYPTION = { algorithm: "m.megolm.v1.aes-sha2", rotation_period_ms: 90 * 86_400_000 };
  const slow = async (invite: string[]): Promise<string> =>
    owner.create({
      ...{ preset: "private_chat", name: "Slow", invite },
      initial_state: [{ type: "m.room.encryption", state_key: "", content: ENCRYPTION }],
    });

  it("is left as it is unless somebody asks; then it is replaced once, though answers are lost", async () => {
    const guest = await newAccount();
    const guests = new RoomOwner(synapse, guest);
    const roomId = await slow([guest.userId]);
    await guests.call("POST", `join/${encodeURIComponent(roomId)}`, {});
    await enforce(roomId);
    expect(inShort(await enforce(roomId))).toEqual([]);
    expect(await owner.state(roomId, "m.room.encryption")).toEqual(ENCRYPTION);

    const before = (await owner.call<{ joined_rooms: string[] }>("GET", "joined_rooms")).joined_rooms;
    const lost = proxy.next(({ path }) => path.endsWith("/createRoom"), "cut after");
    expect(inShort(await enforce(roomId, {}, { replace: [roomId] }))).toEqual(["replace done"]);
    await lost;
    const after = (await owner.call<{ joined_rooms: string[] }>("GET", "joined_rooms")).joined_rooms;
    const made = after.filter((id) => !before.includes(id));
    expect(made).toHaveLength(1);
    const successor = made[0]!;
    expect(await owner.state(roomId, "m.room.tombstone")).toMatchObject({ replacement_room: successor });
    expect(await owner.state(successor, "m.room.create")).toMatchObject({ predecessor: { room_id: roomId } });
    expect(await owner.state(successor, "m.room.encryption")).toMatchObject({
      rotation_period_ms: 7 * 86_400_000,
      rotation_period_msgs: 100,
    });
    expect(await memberOf(owner, successor, guest.userId)).toBe("invite");
    expect(inShort(await enforce(successor))).toEqual([]);
    expect(inShort(await enforce(roomId, {}, { replace: [roomId] }))).toEqual([]);
  });
});
