import { beforeAll, describe, expect, it } from "vitest";
import { Sotto } from "../../src/index.ts";
import type { OwnFacts } from "../../src/model/own-facts.ts";
import { collectFacts } from "../../src/service/audit/collect.ts";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// What an audit reads of Sotto itself, from a real store and a real account.

const { newConversation, newDevice } = await openWorld();
let bot: Bot;
let listener: Listener;
let roomId: string;

beforeAll(async () => {
  ({ bot, listener, roomId } = await newConversation());
});

async function own(): Promise<OwnFacts> {
  await using sotto = await Sotto.open(bot.config);
  const facts = await collectFacts(sotto.account, { rooms: [] });
  if ("unread" in facts.own) throw new Error(facts.own.unread);
  return facts.own.value;
}

describe("Sotto's own state", () => {
  it("is an identity, a key backup and an empty outbox after `sotto init`", async () => {
    expect(await own()).toMatchObject({
      userId: bot.userId,
      deviceId: bot.deviceId,
      identity: {
        value: { exists: true, isDeviceSigned: true, hasChanged: false, arePrivateKeysHere: true },
      },
      backup: { value: { version: expect.any(String), isTrusted: true, isInUse: true } },
      recoveryDrilledMs: { value: null },
      withheld: [],
      held: [],
      undecryptable: {},
      deadLetters: 0,
      uncertain: 0,
    });
  });

  it("names a device that got no key, as the send did", async () => {
    const unsigned = await newDevice(listener.account);
    const voice = await record("not-for-all.ogg", undefined, "-c:a", "libopus");
    resultOf(await bot.run(["send", voice, "--room", roomId]));
    const { withheld } = await own();
    expect(withheld).toEqual([
      {
        roomId,
        userId: listener.userId,
        deviceId: unsigned.session.deviceId,
        code: "m.unverified",
        atMs: expect.any(Number),
      },
    ]);
  });
});
