import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { errorOf, linesOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";
import { signListener } from "../witness/sign-listener.ts";

// Whom a bot trusts that only listens, and what becomes of a sender whose identity is exchanged.

const { folder, newConversation, synapse } = await openWorld();
let bot: Bot;
let speaker: Listener;
let roomId: string;
let voice: string;

interface Line {
  eventId: string;
  trust: string;
}

beforeAll(async () => {
  ({ bot, listener: speaker, roomId } = await newConversation());
  voice = await record("from-one-who-is-known.ogg", undefined, "-c:a", "libopus");
  await synapse.request("POST", `/_matrix/client/v3/join/${encodeURIComponent(roomId)}`, bot.accessToken, {});
  await bot.run(["receive", "--out", join(folder, "none"), "--timeout", "1"]);
});

const say = () => speaker.request("send_voice", { roomId, file: voice, durationMs: 1500 });
const receive = (args: string[]) => bot.run(["receive", "--out", join(folder, "out"), ...args]);

describe("a bot that has never sent anything", () => {
  it("tells a signed sender from an unsigned one", async () => {
    const { eventId } = await say();
    const outcome = await receive(["--count", "1", "--timeout", "30"]);
    expect(linesOf<Line>(outcome)).toMatchObject([{ eventId, trust: "signed" }]);
  });
});

describe("a sender whose identity was exchanged, as a server could do", () => {
  it("is not handed on, and nothing is sent to them", async () => {
    const { password } = speaker.account;
    await signListener({ baseUrl: synapse.baseUrl, ...speaker.session, password });
    await say();
    const outcome = await receive(["--timeout", "5"]);
    expect(linesOf(outcome)).toEqual([]);
    expect(outcome.stderr).toContain("SENDER_UNTRUSTED");
    const refused = await bot.run(["send", voice, "--room", roomId]);
    expect(errorOf(refused)).toMatchObject({ code: "IDENTITY_CHANGED", exitCode: 1 });
  });
});
