import { readFileSync } from "node:fs";
import { PassThrough } from "node:stream";
import { beforeAll, describe, expect, it } from "vitest";
import { Sotto } from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { type Listener, openWorld } from "../support/world.ts";
import type { RecordedRequest } from "./recording-proxy.ts";

// The room key is on its way while somebody still speaks.

const { newBot, newListener, proxy, synapse } = await openWorld();
let bot: Bot;
let alice: Listener;
let bob: Listener;
let bytes: Buffer;

beforeAll(async () => {
  [bot, alice, bob] = await Promise.all([newBot(), newListener(), newListener()]);
  bytes = readFileSync(await record("still-speaking.wav"));
});

const keyTraffic = ({ path }: RecordedRequest) => /\/keys\/(query|claim)|\/sendToDevice\//.test(path);
const isShare = ({ path }: RecordedRequest) => path.includes("/sendToDevice/m.room.encrypted/");

async function roomWithBob(): Promise<string> {
  const { roomId } = await alice.request("create_room", { invite: [bot.userId, bob.userId] });
  await bob.request("join", { roomId });
  return roomId;
}

const kickBob = (roomId: string) =>
  synapse.request(
    "POST",
    `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/kick`,
    alice.session.accessToken,
    { user_id: bob.userId },
  );

/** Speaks the first half, and the rest once the key was handed over and `between` is done. */
async function speak(roomId: string, between: () => Promise<unknown> = async () => undefined) {
  await using sotto = await Sotto.open(bot.config);
  const stream = new PassThrough();
  const shared = proxy.next(isShare);
  const sending = sotto.sendVoice(roomId, { stream });
  stream.write(bytes.subarray(0, bytes.length / 2));
  await shared;
  await between();
  const from = proxy.requests.length;
  stream.end(bytes.subarray(bytes.length / 2));
  return { result: await sending, later: proxy.requests.slice(from).filter(keyTraffic) };
}

describe("a recording that is still arriving", () => {
  it("finds the key shared when it ends: nobody waits for queries, claims or shares", async () => {
    const roomId = await roomWithBob();
    const { result, later } = await speak(roomId);
    expect(later).toEqual([]);
    expect(result.sharedWith).toHaveLength(2);
    const { eventId } = result;
    await bob.request("wait_event", { roomId, eventId, kind: "m.audio" });
  });

  it("is not encrypted with a key that went to someone who has left meanwhile", async () => {
    const roomId = await roomWithBob();
    const { result, later } = await speak(roomId, () => kickBob(roomId));
    expect(result.sharedWith.map(({ userId }) => userId)).toEqual([alice.userId]);
    const shares = later.filter(isShare);
    expect(shares.length).toBeGreaterThan(0);
    for (const { body } of shares) expect(body.toString()).not.toContain(bob.userId);
    await alice.request("wait_event", { roomId, eventId: result.eventId, kind: "m.audio" });
  });

  it("is not encrypted either with one that is long on its way to them, when nothing else syncs", async () => {
    const roomId = await roomWithBob();
    const busy = { errcode: "M_LIMIT_EXCEEDED", error: "busy", retry_after_ms: 5_000 };
    await using sotto = await Sotto.open(bot.config);
    const delayed = proxy.next(isShare, { status: 429, body: busy });
    const uploaded = proxy.next(({ path }) => path.startsWith("/_matrix/media/v3/upload"));
    const sending = sotto.sendVoice(roomId, { bytes });
    await Promise.all([delayed, uploaded]);
    await kickBob(roomId);
    const { sharedWith } = await sending;
    expect(sharedWith.map(({ userId }) => userId)).toEqual([alice.userId]);
  });
});
