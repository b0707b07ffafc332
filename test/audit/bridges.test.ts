import { describe, expect, it } from "vitest";
import { bridgeByName, bridgesOf, PROTOCOLS } from "../../src/audit/bridges.ts";
import type { RoomMember } from "../../src/model/room-facts.ts";
import { ALICE, BOT, roomState } from "../support/facts.ts";

describe("a bridge's name", () => {
  it.each([
    ["@telegrambot:example.org", "telegram"],
    ["@telegram_123456:example.org", "telegram"],
    ["@whatsapp_4915112345678:example.org", "whatsapp"],
    ["@whatsapp_lid-123456:example.org", "whatsapp"],
    ["@_whatsapp_cloud_4915112345678:example.org", "whatsapp-cloud"],
    ["@whatsapp-cloud-bot:example.org", undefined],
    ["@signal_0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f:example.org", "signal"],
    ["@_discord_123456789:example.org", "discord"],
    ["@slack_t01abc-u02def:example.org", "slack"],
    ["@irc_libera_bob:example.org", "irc"],
    ["@heisenbridge:example.org", "irc"],
    ["@sms_+4915112345678:example.org", "sms"],
    ["@_bifrost_bob=40example.net:example.org", "xmpp"],
  ])("%s looks like %s", (userId, protocol) => {
    expect(bridgeByName(userId)).toBe(protocol);
  });

  it.each([
    ALICE,
    BOT,
    "@telegram_fan:example.org",
    "@ircanus:example.org",
    "@signal:example.org",
    "@bob:telegrambot",
    "@slackers:example.org",
  ])("%s looks like nobody's", (userId) => {
    expect(bridgeByName(userId)).toBeUndefined();
  });

  it("leads to a protocol of which it is known who reads it", () => {
    for (const protocol of [
      "telegram",
      "whatsapp",
      "whatsapp-cloud",
      "signal",
      "discord",
      "slack",
      "irc",
      "sms",
    ])
      expect(PROTOCOLS.get(protocol)).toBeTypeOf("string");
  });
});

it("finds each protocol once, with everything that has to go", () => {
  const member = (userId: string): RoomMember => ({ userId, membership: "join", sinceMs: 0 });
  const state = roomState({
    members: [ALICE, "@telegram_1:example.org", "@telegram_2:example.org", "@ircbot:example.org"].map(member),
    bridges: [
      { stateKey: "net.telegram/1", protocol: "telegram", bot: "@telegrambot:example.org" },
      { stateKey: "net.telegram/1", protocol: "telegram", bot: "@telegrambot:example.org" },
    ],
  });
  expect(bridgesOf(state)).toEqual([
    {
      protocol: "telegram",
      stateKeys: ["net.telegram/1"],
      users: ["@telegrambot:example.org", "@telegram_1:example.org", "@telegram_2:example.org"],
    },
    { protocol: "irc", stateKeys: [], users: ["@ircbot:example.org"] },
  ]);
});
