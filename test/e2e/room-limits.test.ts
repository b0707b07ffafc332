import { beforeAll, expect, it } from "vitest";
import { Sotto } from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { sentBy } from "../support/room-events.ts";
import { type Listener, openWorld } from "../support/world.ts";

// A room behind which another network lies: the bridge says what goes through, and Sotto sends no more than that.

const { synapse, newConversation } = await openWorld();
let bot: Bot;
let listener: Listener;
let voice: string;

beforeAll(async () => {
  ({ bot, listener } = await newConversation());
  voice = await record("for-a-bridge.wav", "anoisesrc=duration=61:seed=71:amplitude=0.3");
});

/** A room with bridges, by their state keys: mautrix has one of its own, and `{}` is what one leaves that has gone. */
async function bridgedRoom(features: Record<string, object>): Promise<string> {
  const { roomId } = await listener.request("create_room", { invite: [bot.userId] });
  for (const [stateKey, content] of Object.entries(features)) {
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/state/com.beeper.room_features/${stateKey}`;
    await synapse.request("PUT", path, listener.session.accessToken, content);
  }
  return roomId;
}

const forVoice = (limits: object) => ({ file: { "org.matrix.msc3245.voice": limits, "m.audio": {} } });

it.each([
  [
    "longer",
    { "": {}, whatsapp: forVoice({ max_duration: 30, max_size: 1_000_000 }) },
    /^the recording is 61\.0 s long, and the room's bridge takes 30\.0 s$/,
  ],
  [
    "larger",
    { "": { file: { "m.audio": { max_size: 900 } } }, whatsapp: forVoice({ max_duration: 600 }) },
    /^the clip has (?:at least )?\d{4,} bytes, and the room's bridge takes 900$/,
  ],
])("what is %s than a bridge lets through is refused with both numbers", async (_how, features, message) => {
  const roomId = await bridgedRoom(features);
  await using sotto = await Sotto.open(bot.config);
  await expect(sotto.sendVoice(roomId, { path: voice })).rejects.toMatchObject({
    code: "AUDIO_TOO_LARGE",
    message: expect.stringMatching(message),
  });
  expect(await sentBy(synapse, roomId, listener.session.accessToken, bot.userId)).toEqual([]);
  expect(sotto.account.store.jobs.open()).toEqual([]);
});

it("what just fits is sent", async () => {
  const roomId = await bridgedRoom({ "": {}, whatsapp: forVoice({ max_duration: 61, max_size: 1_000_000 }) });
  await using sotto = await Sotto.open(bot.config);
  expect(await sotto.sendVoice(roomId, { path: voice })).toMatchObject({ durationMs: 61_000 });
});
