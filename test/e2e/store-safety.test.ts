import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SendResult } from "../../src/index.ts";
import { Bot } from "../support/bot.ts";
import { sendHere } from "../support/in-process.ts";
import { record } from "../support/recordings.ts";
import { isSend, isSync, sentBy } from "../support/room-events.ts";
import { endAllSotto, errorOf, type RunningSotto, resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";
import type { RecordedRequest } from "./recording-proxy.ts";

// A data directory that was copied, put back or used twice: found out before anything is encrypted a second time.

const { folder, newBot, newListener, proxy, synapse } = await openWorld();
let listener: Listener;
let voice: string;

beforeAll(async () => {
  [listener, voice] = await Promise.all([newListener(), record("only-once.wav")]);
});
afterEach(async () => {
  proxy.passOnEverything();
  await endAllSotto();
});

/** A bot that has a session in a room of its own. */
async function ready(
  config: Record<string, unknown> = {},
): Promise<{ bot: Bot; args: string[]; roomId: string }> {
  const bot = await newBot({ config });
  const { roomId } = await listener.request("create_room", { invite: [bot.userId] });
  const args = ["send", voice, "--room", roomId];
  await sendHere(bot, roomId, voice);
  return { bot, args, roomId };
}

function snapshot(bot: Bot): string {
  const copy = mkdtempSync(join(folder, "snapshot-"));
  cpSync(bot.data, copy, { recursive: true, filter: (path) => !path.endsWith(".sock") });
  return copy;
}

function putBack(bot: Bot, copy: string): void {
  rmSync(bot.data, { recursive: true });
  cpSync(copy, bot.data, { recursive: true });
}

const isEpoch = ({ path }: Pick<RecordedRequest, "path">) => path.includes("/account_data/alt.sotto.store.");
/** What moves a ratchet, or follows from one that has moved. */
const isOlmUse = (request: RecordedRequest): boolean =>
  isSend(request) || /\/(?:sendToDevice|keys\/upload|keys\/claim)/.test(request.path);

/** A command that must be refused before any use of a key; gives the error. */
async function refused(bot: Bot, args: readonly string[]) {
  const before = proxy.requests.length;
  const error = errorOf(await bot.run(args));
  const requests = proxy.requests.slice(before);
  expect(requests.filter(isOlmUse)).toEqual([]);
  expect(requests.filter((request) => request.method === "PUT" && isEpoch(request))).toEqual([]);
  return error;
}

const eventsIn = async (roomId: string, bot: Bot): Promise<string[]> =>
  (await sentBy(synapse, roomId, listener.session.accessToken, bot.userId)).map(({ event_id }) => event_id);

/** How often the number was raised for this bot's device. */
const raisesOf = ({ deviceId }: Bot): number =>
  proxy.requests.filter(
    (request) => request.method === "PUT" && isEpoch(request) && request.path.endsWith(deviceId),
  ).length;

async function serve(bot: Bot): Promise<RunningSotto> {
  const longPoll = proxy.arrival((request) => isSync(request) && request.path.includes("timeout=30000"));
  const service = bot.start(["run"]);
  await longPoll;
  return service;
}

const checksOf = async (bot: Bot) => {
  const { stdout } = await bot.run(["doctor"]);
  const { checks } = JSON.parse(stdout) as { checks: { name: string; result: string; cure?: string }[] };
  return Object.fromEntries(checks.map((check) => [check.name, check]));
};

describe("a data directory of before a send, put back after it", () => {
  it("is refused before any use of a key; nothing is sent, and the cure works", async () => {
    const { bot, args, roomId } = await ready();
    const copy = snapshot(bot);
    resultOf(await bot.run(args));
    const newest = snapshot(bot);
    putBack(bot, copy);
    const events = await eventsIn(roomId, bot);

    const error = await refused(bot, args);
    expect(error).toMatchObject({ code: "STORE_ROLLED_BACK", exitCode: 3 });
    for (const word of ["sotto init", "--config", "--data-dir", "--recovery-key-file"])
      expect(error.cure).toContain(word);
    const run = errorOf(await bot.start(["run"]).ended);
    expect(run).toMatchObject({ code: "STORE_ROLLED_BACK", exitCode: 3 });
    expect((await checksOf(bot)).copies).toMatchObject({ result: "fail", cure: error.cure });
    expect(await eventsIn(roomId, bot)).toEqual(events);

    // the newest one is as good as ever
    putBack(bot, newest);
    const { eventId } = resultOf<SendResult>(await bot.run(args));
    await listener.request("wait_event", { roomId, eventId, kind: "m.audio" });
    expect((await checksOf(bot)).copies).toMatchObject({ result: "pass" });
  });

  it("is refused too if it is of the same run: by the message that it does not know", async () => {
    const { bot, args, roomId } = await ready();
    const service = await serve(bot);
    resultOf(await bot.run(args));
    const copy = snapshot(bot);
    const raises = raisesOf(bot);
    const { eventId } = resultOf<SendResult>(await bot.run(args));
    expect(raisesOf(bot)).toBe(raises);
    await service.end("SIGKILL");
    putBack(bot, copy);
    const error = await refused(bot, args);
    expect(error).toMatchObject({ code: "STORE_ROLLED_BACK", exitCode: 3 });
    expect(error.message).toContain(eventId);
    expect((await checksOf(bot)).copies).toMatchObject({ result: "fail", cure: error.cure });
    expect((await refused(bot, args)).code).toBe("STORE_ROLLED_BACK");
    await listener.request("wait_event", { roomId, eventId, kind: "m.audio" });
  });

  it("is refused before an index is used again, if only the crypto store was put back", async () => {
    const { bot, args, roomId } = await ready();
    const copy = snapshot(bot);
    resultOf(await bot.run(args));
    for (const name of ["crypto.sqlite", "crypto.sqlite-wal"]) {
      rmSync(join(bot.data, name), { force: true });
      if (existsSync(join(copy, name))) cpSync(join(copy, name), join(bot.data, name));
    }
    const events = await eventsIn(roomId, bot);
    expect(errorOf(await bot.run(args))).toMatchObject({ code: "STORE_ROLLED_BACK", exitCode: 3 });
    expect((await refused(bot, args)).code).toBe("STORE_ROLLED_BACK");
    expect(await eventsIn(roomId, bot)).toEqual(events);
  });
});

describe("two copies of a data directory", () => {
  /** The same account, device and store in another place. */
  function copyOf(bot: Bot): Bot {
    const home = mkdtempSync(join(folder, "copy-"));
    cpSync(bot.home, home, { recursive: true, filter: (path) => !path.endsWith(".sock") });
    return new Bot(bot.account, home);
  }

  it("of which one is in use: the other is refused, and the first goes on", async () => {
    const { bot, args } = await ready();
    const copy = copyOf(bot);
    await serve(bot);
    expect(await refused(copy, args)).toMatchObject({ code: "STORE_ROLLED_BACK", exitCode: 3 });
    resultOf(await bot.run(args));
  });

  it("of which one was made while the other runs: the one that runs stops when the copy starts", async () => {
    const { bot, args } = await ready();
    const service = await serve(bot);
    const copy = copyOf(bot);
    resultOf(await copy.run(args));
    const outcome = await service.ended;
    expect(outcome.code).toBe(3);
    expect(outcome.stderr).toContain("STORE_COPIED");
    expect(await refused(bot, args)).toMatchObject({ code: "STORE_ROLLED_BACK" });
    resultOf(await copy.run(args));
  });
});

describe("the number in the account's data", () => {
  it("is raised once for a start, however much is sent", async () => {
    const { bot, args } = await ready();
    const before = raisesOf(bot);
    await serve(bot);
    for (let time = 0; time < 3; time += 1) resultOf(await bot.run(args));
    expect(raisesOf(bot)).toBe(before + 1);
  });

  it("is raised before each new room key that a running service uses", async () => {
    const { bot, args } = await ready({ rotation: { maxMessages: 1 } });
    await serve(bot);
    resultOf(await bot.run(args));
    const before = proxy.requests.length;
    resultOf(await bot.run(args));
    const requests = proxy.requests.slice(before);
    const raised = requests.findIndex((request) => request.method === "PUT" && isEpoch(request));
    const readBack = requests.findIndex((request) => request.method === "GET" && isEpoch(request));
    const shared = requests.findIndex(({ path }) => path.includes("/sendToDevice/"));
    expect(raised).toBeGreaterThanOrEqual(0);
    expect(readBack).toBeGreaterThan(raised);
    expect(shared).toBeGreaterThan(readBack);
  });

  it.each(["hang before", "hang after"] as const)(
    "can be half raised by a process that was killed, %s the homeserver has it",
    async (fault) => {
      const { bot, args, roomId } = await ready();
      const raising = proxy.next((request) => request.method === "PUT" && isEpoch(request), fault);
      const sending = bot.start(args);
      await raising;
      await sending.end("SIGKILL");
      const { eventId } = resultOf<SendResult>(await bot.run(args));
      await listener.request("wait_event", { roomId, eventId, kind: "m.audio" });
    },
  );
});

describe("a token", () => {
  it("of another device of the account is not used for a single sync", async () => {
    const { bot, args } = await ready();
    const path = join(bot.data, "access-token");
    const own = readFileSync(path);
    const other = await synapse.login(bot.account.userId, bot.account.password);
    writeFileSync(path, other.accessToken);
    const before = proxy.requests.length;
    const error = await refused(bot, args);
    expect(error).toMatchObject({ code: "STORE_OTHER_DEVICE", exitCode: 3 });
    expect(error.message).toContain(other.deviceId);
    expect(proxy.requests.slice(before).filter(isSync)).toEqual([]);
    writeFileSync(path, own);
    resultOf(await bot.run(args));
  });

  it("of a device that was deleted ends in a clear refusal", async () => {
    const { bot, args } = await ready();
    await synapse.request("POST", "/_matrix/client/v3/logout", bot.accessToken, {});
    const error = await refused(bot, args);
    expect(error).toMatchObject({ code: "TOKEN_REJECTED", exitCode: 3 });
    expect((await checksOf(bot)).login).toMatchObject({ result: "fail", cure: error.cure });
  });
});
