import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { StepResult } from "../../src/model/evacuation.ts";
import type { Evacuated } from "../../src/service/evacuate/evacuate.ts";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { isSend, sentBy } from "../support/room-events.ts";
import { endAllSotto, errorOf, type Outcome, resultOf } from "../support/sotto.ts";
import { remember } from "../support/suite.ts";
import type { WebhookReceiver } from "../support/webhook-receiver.ts";
import { isSignedWith } from "../support/webhook-receiver.ts";
import { receiver, SECRET, WRITTEN_SECRET } from "../support/webhook-sink.ts";
import { type Listener, openWorld } from "../support/world.ts";
import { signListener } from "../witness/sign-listener.ts";

// An evacuation that is killed, or that cannot tell everybody: what is done stays done, and the same command goes on.

const { newBot, newConversation, newListener, proxy, synapse } = await openWorld();
const PATIENCE = { timeout: 60_000, interval: 100 };
let voice: string;

beforeAll(async () => {
  remember("secret", SECRET.toString("base64"));
  voice = await record("before-we-flee.ogg", undefined, "-c:a", "libopus");
});

afterEach(async () => {
  proxy.passOnEverything();
  await endAllSotto();
});

/** A receiver that the config names. */
async function hookOf(bot: Bot, more: object = {}): Promise<WebhookReceiver> {
  const hook = await receiver();
  const webhook = { url: hook.url, secretFile: bot.secretFile(WRITTEN_SECRET) };
  bot.configure({ evacuate: { webhook, ...more } });
  return hook;
}

const evacuate = (bot: Bot, roomId: string, ...args: string[]) =>
  bot.run(["evacuate", roomId, "--message", "Leave.", ...args]);
/** By step: what became of it, and what stood against it. */
function stepsOf({ stdout }: Outcome): Partial<Record<StepResult["step"], string>> {
  const { steps } = JSON.parse(stdout) as Evacuated;
  return Object.fromEntries(
    steps.map(({ step, outcome, code }) => [step, code ? `${outcome} ${code}` : outcome]),
  );
}
const eventsIn = async (roomId: string, bot: Bot, reader: Listener): Promise<string[]> =>
  (await sentBy(synapse, roomId, reader.session.accessToken, bot.userId)).map((event) => event.event_id);

/** What the listener reads, which must have come encrypted. */
async function read(listener: Listener, roomId: string, eventId: string): Promise<string> {
  const { decrypted, content } = await listener.request("wait_event", { roomId, eventId });
  expect(decrypted).toBe(true);
  return content.msgtype === "m.audio" ? "voice" : String(content.body);
}

describe("killed", () => {
  it("between the stop and everything else: the same command tells everybody, and what was frozen waits", async () => {
    const { bot, listener, roomId } = await newConversation();
    const hook = await hookOf(bot);
    const onItsWay = proxy.next(isSend, "hang before");
    const holder = bot.start(["send", voice, "--room", roomId]);
    await onItsWay;
    bot.start(["evacuate", roomId, "--message", "Leave."]);
    await holder.says("nothing goes into a room any more");
    await endAllSotto();
    proxy.passOnEverything();
    expect(hook.requests).toBe(0);
    expect(errorOf(await bot.run(["send", voice, "--room", roomId])).code).toBe("ROOM_EVACUATED");

    const again = await evacuate(bot, roomId);
    expect(again.code).toBe(0);
    expect(stepsOf(again)).toEqual({ stop: "was-done", rotate: "done", notice: "done", webhook: "done" });
    const [notice, ...more] = await eventsIn(roomId, bot, listener);
    expect(more).toEqual([]);
    expect(await read(listener, roomId, notice!)).toBe("Leave.");

    resultOf(await bot.run(["evacuate", roomId, "--over"]));
    const service = bot.start(["run"]);
    await service.says('"message":"running"');
    await vi.waitFor(async () => expect(await eventsIn(roomId, bot, listener)).toHaveLength(2), PATIENCE);
    expect((await service.end("SIGTERM")).code).toBe(0);
    const all = await eventsIn(roomId, bot, listener);
    expect(all[0]).toBe(notice);
    expect(await read(listener, roomId, all[1]!)).toBe("voice");
  });

  it.each(["hang before", "hang after"] as const)(
    "while the notice is on its way (%s): the room hears it once, and no receiver takes it twice",
    async (fault) => {
      const { bot, listener, roomId } = await newConversation();
      const hook = await hookOf(bot);
      resultOf(await bot.run(["send", voice, "--room", roomId]));
      const onItsWay = proxy.next(isSend, fault);
      const first = bot.start(["evacuate", roomId, "--message", "Leave."]);
      await onItsWay;
      await vi.waitFor(() => expect(hook.received).toHaveLength(1), PATIENCE);
      await first.end("SIGKILL");
      proxy.passOnEverything();

      const again = await evacuate(bot, roomId);
      expect(again.code).toBe(0);
      expect(stepsOf(again)).toMatchObject({ stop: "was-done", notice: "done" });
      const events = await eventsIn(roomId, bot, listener);
      expect(events).toHaveLength(2);
      expect(await read(listener, roomId, events[1]!)).toBe("Leave.");
      // it may be posted again, as what it is
      expect(hook.kept.size).toBe(1);

      const { requests } = hook;
      expect(stepsOf(await evacuate(bot, roomId))).toMatchObject({ notice: "was-done", webhook: "was-done" });
      expect(await eventsIn(roomId, bot, listener)).toEqual(events);
      expect(hook.requests).toBe(requests);
    },
  );
});

describe("the second channels", () => {
  it("a webhook gets the words, signed, with the room; a drill's are a drill's", async () => {
    const { bot, roomId } = await newConversation();
    const hook = await hookOf(bot);
    resultOf(await bot.run(["send", voice, "--room", roomId]));
    resultOf(await evacuate(bot, roomId, "--drill"));
    resultOf(await evacuate(bot, roomId, "--to", "!safe:example.org"));
    const [drill, real, ...more] = hook.received;
    expect(more).toEqual([]);
    for (const posted of [drill!, real!]) {
      expect(isSignedWith(SECRET, posted)).toBe(true);
      expect(posted.message).toMatchObject({ type: "room.evacuated", data: { roomId } });
    }
    expect(drill!.message.data).toMatchObject({ isDrill: true, text: expect.stringMatching(/^DRILL/) });
    expect(real!.message.data).toMatchObject({
      isDrill: false,
      text: expect.stringMatching(/^Leave\.\nGo to/),
    });
    expect(hook.kept.size).toBe(2);
  });

  it("that fail: the room is told all the same, it is said, and the same command tells them alone", async () => {
    const { bot, listener, roomId } = await newConversation();
    const told = join(bot.home, "told");
    const program = join(bot.home, "tell");
    const fail = "#!/bin/sh\necho out of credit >&2\nexit 7\n";
    const tell = `#!/bin/sh\n{ cat; env; } > '${told}'\n`;
    writeFileSync(program, fail, { mode: 0o700 });
    const hook = await hookOf(bot, { command: [program], timeout: "5s" });
    resultOf(await bot.run(["send", voice, "--room", roomId]));
    hook.replyAtOnce = () => true; // and says nothing
    const first = await evacuate(bot, roomId);
    expect(first.code).toBe(3);
    expect(stepsOf(first)).toEqual({
      ...{ stop: "done", rotate: "done", notice: "done" },
      ...{ command: "failed CONNECTOR_FAILED", webhook: "failed CONNECTOR_FAILED" },
    });
    expect(first.stdout).toContain("out of credit");
    const events = await eventsIn(roomId, bot, listener);
    expect(await read(listener, roomId, events.at(-1)!)).toBe("Leave.");

    writeFileSync(program, tell);
    hook.replyAtOnce = () => false;
    const again = await evacuate(bot, roomId);
    expect(again.code).toBe(0);
    expect(stepsOf(again)).toMatchObject({ notice: "was-done", command: "done", webhook: "done" });
    expect(await eventsIn(roomId, bot, listener)).toEqual(events);
    const [words, ...environment] = readFileSync(told, "utf8").trimEnd().split("\n");
    expect(words).toBe("Leave.");
    expect(environment).toEqual(expect.arrayContaining([`SOTTO_ROOM_ID=${roomId}`, "SOTTO_IS_DRILL=false"]));
    expect(environment.filter((line) => /TOKEN|SECRET|NODE_/.test(line))).toEqual([]);
  });
});

it("other words are told to whoever has heard the first ones only, also where these are answered late", async () => {
  const { bot, roomId } = await newConversation();
  const hook = await hookOf(bot, { timeout: "2m" });
  resultOf(await bot.run(["send", voice, "--room", roomId]));
  const service = bot.start(["run"]);
  await service.says('"message":"running"');
  const late = Promise.withResolvers<() => void>();
  hook.reply = (_request, response) => late.resolve(() => void response.writeHead(204).end());
  const first = bot.start(["evacuate", roomId, "--message", "First."]);
  const answer = await late.promise;
  hook.reply = (_request, response) => response.writeHead(410).end();
  expect(stepsOf(await evacuate(bot, roomId)).webhook).toMatch(/^failed/);
  answer();
  expect(stepsOf(await first.ended).webhook).toBe("done");
  hook.reply = (_request, response) => response.writeHead(204).end();
  expect(stepsOf(await evacuate(bot, roomId)).webhook).toBe("done");
  expect(hook.received.at(-1)!.message.data.text).toBe("Leave.");
  expect((await service.end("SIGTERM")).code).toBe(0);
});

describe("a room that cannot be told", () => {
  it("because a member's identity has changed: it is stopped, the others are told, and it is when a person has looked", async () => {
    const { bot, listener: alice, roomId } = await newConversation();
    const hook = await hookOf(bot);
    resultOf(await bot.run(["send", voice, "--room", roomId]));
    const { masterKey } = await signListener({
      ...{ baseUrl: synapse.baseUrl, ...alice.session },
      password: alice.account.password,
    });
    const first = await evacuate(bot, roomId);
    expect(first.code).toBe(3);
    expect(stepsOf(first)).toMatchObject({
      stop: "done",
      notice: "failed IDENTITY_CHANGED",
      webhook: "done",
    });
    expect(first.stdout).toContain(alice.userId);
    const dry = await evacuate(bot, roomId, "--dry-run");
    expect(dry.code).toBe(1);
    expect(stepsOf(dry)).toMatchObject({ notice: "blocked IDENTITY_CHANGED", webhook: "was-done" });
    expect(await eventsIn(roomId, bot, alice)).toHaveLength(1);

    resultOf(await bot.run(["trust", "accept", alice.userId, "--fingerprint", masterKey]));
    // accepting lifts what held the room, and nothing else
    expect(errorOf(await bot.run(["send", voice, "--room", roomId])).code).toBe("ROOM_EVACUATED");
    const again = await evacuate(bot, roomId);
    expect(again.code).toBe(0);
    expect(stepsOf(again)).toMatchObject({ stop: "was-done", notice: "done", webhook: "was-done" });
    const events = await eventsIn(roomId, bot, alice);
    expect(events).toHaveLength(2);
    expect(await read(alice, roomId, events[1]!)).toBe("Leave.");
    expect(hook.requests).toBe(1);
  });

  it("because it is not encrypted: nothing goes there in clear", async () => {
    const [bot, alice] = await Promise.all([newBot(), newListener()]);
    const hook = await hookOf(bot);
    const { room_id: roomId } = await synapse.request<{ room_id: string }>(
      "POST",
      "/_matrix/client/v3/createRoom",
      alice.session.accessToken,
      { preset: "public_chat", invite: [bot.userId] },
    );
    expect(errorOf(await bot.run(["send", voice, "--room", roomId])).code).toBe("ROOM_NOT_ENCRYPTED");
    const dry = await evacuate(bot, roomId, "--dry-run");
    expect(dry.code).toBe(1);
    expect(stepsOf(dry)).toMatchObject({ rotate: "left-out", notice: "blocked ROOM_NOT_ENCRYPTED" });
    expect(hook.requests).toBe(0);
    const done = await evacuate(bot, roomId);
    expect(done.code).toBe(3);
    expect(stepsOf(done)).toEqual({
      ...{ stop: "done", rotate: "left-out", notice: "failed ROOM_NOT_ENCRYPTED", webhook: "done" },
    });
    expect(await eventsIn(roomId, bot, alice)).toEqual([]);
    expect(proxy.requests.filter(({ body }) => body.includes("Leave."))).toEqual([]);
  });

  it("because no device in it is signed: that is no success, and says who did not hear", async () => {
    const [bot, alice] = await Promise.all([newBot(), newListener({ signed: false })]);
    const { roomId } = await alice.request("create_room", { invite: [bot.userId] });
    resultOf(await bot.run(["send", voice, "--room", roomId]));
    const done = await evacuate(bot, roomId);
    expect(done.code).toBe(3);
    const { steps } = JSON.parse(done.stdout) as Evacuated;
    expect(steps.find(({ step }) => step === "notice")).toMatchObject({
      ...{ outcome: "failed", code: "RECIPIENTS_EXCLUDED", unreached: [alice.userId] },
      cure: expect.stringContaining("sotto why"),
    });
    const events = await eventsIn(roomId, bot, alice);
    expect((await evacuate(bot, roomId)).code).toBe(3);
    expect(await eventsIn(roomId, bot, alice)).toEqual(events);
  });
});

it("nobody is sent back into the room, or to an alias that there is not; and nothing was done then", async () => {
  const { bot, listener, roomId } = await newConversation();
  resultOf(await bot.run(["send", voice, "--room", roomId]));
  const server = bot.userId.split(":")[1];
  const missing = `#none-${Date.now()}:${server}`;
  expect(errorOf(await evacuate(bot, roomId, "--to", missing))).toMatchObject({ code: "ROOM_NOT_FOUND" });
  expect(errorOf(await evacuate(bot, roomId, "--to", roomId))).toMatchObject({ code: "USAGE", exitCode: 2 });
  expect(await eventsIn(roomId, bot, listener)).toHaveLength(1);
  resultOf(await bot.run(["send", voice, "--room", roomId]));
});
