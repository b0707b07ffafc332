import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SendResult } from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { isEnded, jobsOf } from "../support/outbox.ts";
import { record } from "../support/recordings.ts";
import { isSend, megolmIndex, sentBy, syncAfterUpload } from "../support/room-events.ts";
import { endAllSotto, errorOf, resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";
import type { RecordedRequest } from "./recording-proxy.ts";

// kill -9 at the worst moment: nothing is lost, nothing is sent twice.

const { newConversation, newListener, proxy, synapse } = await openWorld();
let bot: Bot;
let listener: Listener;
let roomId: string;
let voice: string;

beforeAll(async () => {
  // a new room key for each message, so that each has all its requests: shares as well as the message itself
  const config = { rotation: { maxMessages: 1 } };
  ({ bot, listener, roomId } = await newConversation({ config }));
  voice = await record("cut-off-in-the-middle.wav", "anoisesrc=duration=0.3:seed=5:amplitude=0.3");
  resultOf(await bot.run(sendArguments()));
});

afterEach(async () => {
  proxy.passOnEverything();
  await endAllSotto();
});

const sendArguments = () => ["send", voice, "--room", roomId];

/** What must be true of the room, the outbox and every request so far, whatever was killed. */
async function expectExactlyOnce(): Promise<void> {
  const jobs = jobsOf(bot).filter((job) => job.room_id === roomId);
  expect(jobs.filter(({ state }) => !isEnded(state))).toEqual([]);
  const events = await sentBy(synapse, roomId, listener.session.accessToken, bot.userId);
  const eventIds = events.map(({ event_id }) => event_id);
  const sent = jobs.filter(({ state }) => state === "sent").map(({ event_id }) => event_id);
  expect(sent.toSorted()).toEqual(eventIds.toSorted());

  const spent = new Map<string, string>();
  for (const [path, requests] of Map.groupBy(proxy.requests.filter(isSend), ({ path }) => path)) {
    const bodies = new Set(requests.map(({ body }) => body.toString()));
    expect(bodies.size, `${path} was repeated with other bytes`).toBe(1);
    const index = megolmIndex(requests[0]!);
    expect(spent.get(index), `the index of ${path} was spent before`).toBeUndefined();
    spent.set(index, path);
  }
}

/** Starts a send and kills it when its nth request arrives; false if it made fewer and succeeded. */
async function killAtRequest(n: number, fault: "hang before" | "hang after"): Promise<boolean> {
  let seen = 0;
  const reached = proxy.next(() => ++seen === n, fault);
  const sending = bot.start(sendArguments());
  const first = await Promise.race([reached, sending.ended]);
  if ("method" in first) {
    await sending.end("SIGKILL");
    return true;
  }
  proxy.passOnEverything();
  resultOf(first);
  return false;
}

describe("sotto send, killed at each of its requests", () => {
  it.each(["hang before", "hang after"] as const)("%s the homeserver has it", async (fault) => {
    let n = 0;
    while (await killAtRequest(++n, fault)) {
      // whoever comes next finishes what the dead one had accepted
      resultOf(await bot.run(sendArguments()));
      await expectExactlyOnce();
    }
    expect(n).toBeGreaterThan(5);
  });

  it("is finished by the service too", async () => {
    const reached = proxy.next(isSend, "hang before");
    const sending = bot.start(sendArguments());
    const { path } = await reached;
    await sending.end("SIGKILL");
    const repeated = proxy.next((request) => request.path === path);
    const service = bot.start(["run"]);
    expect((await repeated).status).toBe(200);
    expect((await service.end("SIGTERM")).code).toBe(0);
    await expectExactlyOnce();
  });
});

describe("what a dead process had accepted", () => {
  it("waits while the homeserver is in trouble, and is sent after that", async () => {
    const reached = proxy.next(isSend, "hang before");
    const sending = bot.start(sendArguments());
    const { path } = await reached;
    await sending.end("SIGKILL");

    const body = { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 60_000 };
    const stop = proxy.intercept(isSend, { status: 429, body });
    const refused = errorOf(await bot.run(sendArguments()));
    stop();
    // the second message is given up, because its sender was told; nobody was told of the first
    expect(refused).toMatchObject({ code: "RATE_LIMITED", exitCode: 3 });
    expect(jobsOf(bot).slice(-2)).toMatchObject([{ state: "encrypted" }, { state: "failed" }]);

    const repeated = proxy.next((request) => request.path === path);
    resultOf(await bot.run(sendArguments()));
    expect((await repeated).status).toBe(200);
    expect(jobsOf(bot).slice(-3)).toMatchObject([{ state: "sent" }, { state: "failed" }, { state: "sent" }]);
  });

  it.each(["hang before", "hang after"] as const)(
    "cannot be read by someone who has left meanwhile, who has the key of before: %s who is there was told",
    async (fault) => {
      const carol = await newListener();
      await listener.request("invite", { roomId, userId: carol.userId });
      await carol.request("join", { roomId });
      resultOf(await bot.run(sendArguments()));
      const reached = proxy.next(syncAfterUpload(), fault);
      const sending = bot.start(sendArguments());
      await reached;
      await sending.end("SIGKILL");
      expect(jobsOf(bot).at(-1)).toMatchObject({ state: "uploaded" });
      await carol.request("leave", { roomId });

      const before = proxy.requests.length;
      const sent = proxy.next(isSend);
      const service = bot.start(["run"]);
      await sent;
      expect((await service.end("SIGTERM")).code).toBe(0);
      await expectExactlyOnce();
      const shares = proxy.requests.slice(before).filter(({ path }) => path.includes("/sendToDevice/"));
      for (const { body } of shares) expect(body.toString()).not.toContain(carol.userId);

      // the homeserver shows her the message when she comes back; only the key can keep it from her
      await listener.request("invite", { roomId, userId: carol.userId });
      await carol.request("join", { roomId });
      const eventId = jobsOf(bot).at(-1)!.event_id!;
      const seen = await carol.request("wait_event", { roomId, eventId });
      expect(seen.kind).toBe("undecryptable");
    },
  );
});

describe("a share that was cut off in the middle", () => {
  it("is told whole: the next result names everybody who got the key, and who did not", async () => {
    const unsigned = await newListener({ signed: false });
    const room = await listener.request("create_room", { invite: [bot.userId, unsigned.userId] });
    await unsigned.request("join", room);
    const args = ["send", voice, "--room", room.roomId];
    let shares = 0;
    const second = proxy.next(({ path }) => path.includes("/sendToDevice/") && ++shares === 2, "hang before");
    const sending = bot.start(args);
    await second;
    await sending.end("SIGKILL");
    const { sharedWith, withheld } = resultOf<SendResult>(await bot.run(args));
    expect(sharedWith).toEqual([{ userId: listener.userId, deviceId: listener.session.deviceId }]);
    expect(withheld).toMatchObject([{ userId: unsigned.userId, code: "m.unverified" }]);
  });
});

describe("an answer that is lost", () => {
  const putsSince = (before: number): RecordedRequest[] => proxy.requests.slice(before).filter(isSend);

  it("once: the same request is repeated, and the room has one event", async () => {
    const before = proxy.requests.length;
    const lost = proxy.next(isSend, "cut after");
    const { eventId } = resultOf<SendResult>(await bot.run(sendArguments()));
    expect((await lost).status).toBe(200);
    const puts = putsSince(before);
    expect(puts).toHaveLength(2);
    expect(puts[1]!.path).toBe(puts[0]!.path);
    expect(puts[1]!.body).toEqual(puts[0]!.body);
    await listener.request("wait_event", { roomId, eventId, kind: "m.audio" });
  });

  it("again and again: says that it is uncertain, and the next command settles it without a second event", async () => {
    const events = await sentBy(synapse, roomId, listener.session.accessToken, bot.userId);
    const stop = proxy.intercept(isSend, "cut after");
    const error = errorOf(await bot.run(sendArguments()));
    stop();
    expect(error).toMatchObject({ code: "SEND_UNCERTAIN", exitCode: 3 });
    expect(error.cure).toContain("do not send it again");

    resultOf(await bot.run(sendArguments()));
    const after = await sentBy(synapse, roomId, listener.session.accessToken, bot.userId);
    expect(after).toHaveLength(events.length + 2);
    await expectExactlyOnce();
  });
});
