import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { Sotto, type VoiceMessage, type Withheld } from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { linesOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";
import type { Witness } from "../witness/witness.ts";

// What a bot's own code gets to see, of a signed device, an unsigned one, and of what a server puts there in clear.

const { folder, newBot, newListener, newDevice, synapse } = await openWorld();
let bot: Bot;
let alice: Listener;
/** Alice's second device, which nobody has signed. */
let unsigned: Witness;
let roomId: string;
let openRoomId: string;
let voice: string;

beforeAll(async () => {
  [bot, alice] = await Promise.all([newBot(), newListener()]);
  unsigned = await newDevice(alice.account);
  ({ roomId } = await alice.request("create_room", { invite: [bot.userId] }));
  ({ roomId: openRoomId } = await alice.request("create_room", { invite: [bot.userId] }));
  voice = await record("who-may-command.ogg", undefined, "-c:a", "libopus");
  for (const room of [roomId, openRoomId]) {
    const path = `/_matrix/client/v3/join/${encodeURIComponent(room)}`;
    await synapse.request("POST", path, bot.accessToken, {});
  }
  await bot.run(["receive", "--out", join(folder, "none"), "--timeout", "1"]);
});

describe("a bot's handlers and commands", () => {
  it("see messages of signed devices only, and the trust of each", async () => {
    await using sotto = await Sotto.open(bot.config);
    const client = await sotto.client();
    const bodies: unknown[] = [];
    const trusts: unknown[] = [];
    const refused: string[] = [];
    const last = Promise.withResolvers<void>();
    client.on("room.failed_decryption", (_room, event) => refused.push(event.event_id));
    client.on("room.message", (_room, event) => {
      bodies.push(event.content.body);
      trusts.push(event.trust);
      if (event.content.body === "!last") last.resolve();
    });
    await client.start();
    const { eventId } = await unsigned.request("send_text", {
      roomId,
      body: "!unlock of an unsigned device",
    });
    await synapse.request(
      "PUT",
      `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/send/m.room.message/clear1`,
      alice.session.accessToken,
      { msgtype: "m.text", body: "!unlock in clear" },
    );
    await alice.request("send_text", { roomId, body: "!last" });
    await last.promise;
    expect(bodies).toEqual(["!last"]);
    expect(trusts).toEqual(["signed"]);
    expect(refused).toEqual([eventId]);
  });
});

describe("a room's own acceptFrom", () => {
  it("lets an unsigned device through there and nowhere else", async () => {
    bot.configure({ rooms: { [openRoomId]: { acceptFrom: "all" } } });
    const say = (room: string) =>
      unsigned.request("send_voice", { roomId: room, file: voice, durationMs: 1500 });
    await say(roomId);
    const { eventId } = await say(openRoomId);
    const outcome = await bot.run([
      "receive",
      "--out",
      join(folder, "out"),
      "--count",
      "1",
      "--timeout",
      "60",
    ]);
    expect(linesOf(outcome)).toMatchObject([{ eventId, trust: "unsigned" }]);
    expect(outcome.stderr).toContain("SENDER_UNTRUSTED");
  });

  it("may ask for verified users", async () => {
    bot.configure({ rooms: { [openRoomId]: { acceptFrom: "verified" } } });
    await using sotto = await Sotto.open(bot.config);
    const heard = Promise.withResolvers<VoiceMessage>();
    const withheld = Promise.withResolvers<Withheld>();
    sotto.onWithheld((event) => event.roomId === openRoomId && withheld.resolve(event));
    sotto.onVoice((message) => heard.resolve(message));
    const inOpen = await alice.request("send_voice", { roomId: openRoomId, file: voice, durationMs: 1500 });
    const { eventId } = await alice.request("send_voice", { roomId, file: voice, durationMs: 1500 });
    expect(await heard.promise).toMatchObject({ eventId, trust: "signed" });
    const { error, eventId: refused } = await withheld.promise;
    expect([refused, error.code]).toEqual([inOpen.eventId, "SENDER_UNTRUSTED"]);
  });
});
