import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { Sotto } from "../../src/index.ts";
import type { Facts } from "../../src/model/facts.ts";
import { type CollectOptions, collectFacts } from "../../src/service/audit/collect.ts";
import type { Bot } from "../support/bot.ts";
import { known, roomOf, userOf } from "../support/collected.ts";
import { type Listener, openWorld } from "../support/world.ts";

const { newConversation, synapse } = await openWorld();
let bot: Bot;
let listener: Listener;
let roomId: string;

async function collect(options: CollectOptions): Promise<Facts> {
  await using opened = await Sotto.open(bot.config);
  return await collectFacts(opened.account, options);
}

const call = (method: string, path: string, body: object) =>
  synapse.request(method, `/_matrix/client/v3/${path}`, listener.session.accessToken, body);

beforeAll(async () => {
  ({ bot, listener, roomId } = await newConversation());
  await synapse.request("POST", `/_matrix/client/v3/join/${encodeURIComponent(roomId)}`, bot.accessToken, {});
});

describe("what an administrator's token reads", () => {
  const admin = async () => {
    const session = await synapse.registerUser(`admin${randomUUID()}`, undefined, { admin: true });
    return { session, adminTokenFile: bot.secretFile(session.accessToken) };
  };

  it("is every room, every session and every account", async () => {
    const { session, adminTokenFile } = await admin();
    const room = { preset: "public_chat", visibility: "public", name: "elsewhere" };
    const created = (await call("POST", "createRoom", room)) as { room_id: string };
    const clear = { msgtype: "m.file", body: "b", url: "mxc://example.org/aclearfile" };
    await call("PUT", `rooms/${encodeURIComponent(roomId)}/send/m.room.message/${randomUUID()}`, clear);
    const facts = await collect({ adminTokenFile });
    expect(facts.scope).toBe("admin");
    expect(known(roomOf(facts, created.room_id).state)).toMatchObject({
      name: "elsewhere",
      encryption: null,
    });
    expect(roomOf(facts, created.room_id).isListed).toEqual({ value: true });
    expect(known(roomOf(facts, roomId).clearMedia)).toContain("mxc://example.org/aclearfile");
    expect(known(roomOf(facts, roomId).timeline).isWhole).toBe(true);
    const own = userOf(facts, bot.userId);
    expect(known(own.account)).toMatchObject({ isAdmin: false, isDeactivated: false, appservice: null });
    expect(known(own.account).createdMs).toBeGreaterThan(Date.now() - 3_600_000);
    expect(known(own.devices).find(({ deviceId }) => deviceId === bot.deviceId)).toMatchObject({
      isCrossSigned: true,
      lastSeenMs: expect.any(Number),
    });
    // a login by the registration API that has never uploaded a key
    expect(known(own.devices).some(({ keys }) => keys === undefined)).toBe(true);
    expect(session.userId).not.toBe(bot.userId);
  });

  it("is only of the rooms that were named", async () => {
    const { adminTokenFile } = await admin();
    const facts = await collect({ adminTokenFile, rooms: [roomId] });
    expect(facts.rooms.map((room) => room.roomId)).toEqual([roomId]);
    await expect(collect({ adminTokenFile, rooms: ["!nowhere:example.org"] })).rejects.toMatchObject({
      code: "ROOM_NOT_FOUND",
    });
  });

  it("is nothing where the token is no administrator's, or nobody's", async () => {
    for (const token of [bot.accessToken, "nobody"])
      await expect(collect({ adminTokenFile: bot.secretFile(token) })).rejects.toMatchObject({
        code: "TOKEN_REJECTED",
        cure: expect.stringContaining("admin"),
      });
    await expect(collect({ adminTokenFile: join(bot.home, "none") })).rejects.toMatchObject({
      code: "SECRET_UNREADABLE",
    });
  });
});
