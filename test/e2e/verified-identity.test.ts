import { beforeAll, describe, expect, it } from "vitest";
import type { SendResult } from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { errorOf, resultOf } from "../support/sotto.ts";
import { verifyMember } from "../support/verify-member.ts";
import { type Listener, openWorld } from "../support/world.ts";
import { signListener } from "../witness/sign-listener.ts";

// A member whom we have verified, and whose identity is exchanged after that.

const { newConversation, synapse } = await openWorld();
let bot: Bot;
let alice: Listener;
let roomId: string;
const voice = await record("for-the-verified.ogg", undefined, "-c:a", "libopus");

beforeAll(async () => {
  const config = { trust: { shareWith: "verified" } };
  ({ bot, listener: alice, roomId } = await newConversation({ config }));
});

const send = () => bot.run(["send", voice, "--room", roomId]);

describe("a verified member", () => {
  it("gets the key under `shareWith: verified`, and nobody before that", async () => {
    expect(resultOf<SendResult>(await send()).sharedWith).toEqual([]);
    await verifyMember(synapse, bot, alice.userId);
    const { sharedWith, eventId } = resultOf<SendResult>(await send());
    expect(sharedWith).toEqual([{ userId: alice.userId, deviceId: alice.session.deviceId }]);
    await alice.request("wait_event", { roomId, eventId, kind: "m.audio" });
  });

  it("holds the room when the identity is another, under every policy", async () => {
    await signListener({ baseUrl: synapse.baseUrl, ...alice.session, password: alice.account.password });
    for (const shareWith of ["verified", "signed", "all"]) {
      bot.configure({ trust: { shareWith } });
      expect(errorOf(await send())).toMatchObject({ code: "IDENTITY_CHANGED", exitCode: 1 });
    }
  });

  it("is no verified one any more once the new identity was accepted", async () => {
    const refused = errorOf(await bot.run(["trust", "accept", alice.userId, "--fingerprint", "none"]));
    expect(refused.code).toBe("FINGERPRINT_MISMATCH");
    const { master_keys } = await synapse.request<{ master_keys: Record<string, { keys: object }> }>(
      "POST",
      "/_matrix/client/v3/keys/query",
      bot.accessToken,
      { device_keys: { [alice.userId]: [] } },
    );
    const [fingerprint] = Object.values(master_keys[alice.userId]!.keys) as string[];
    const accepted = await bot.run(["trust", "accept", alice.userId, "--fingerprint", fingerprint!]);
    expect(resultOf(accepted)).toMatchObject({ identityChanged: true, wasVerified: true });
    bot.configure({ trust: { shareWith: "verified" } });
    expect(resultOf<SendResult>(await send()).sharedWith).toEqual([]);
    bot.configure({ trust: { shareWith: "signed" } });
    expect(resultOf<SendResult>(await send()).sharedWith).toHaveLength(1);
  });
});
