import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Bot } from "../support/bot.ts";
import { expire } from "../support/expire.ts";
import { jobsOf } from "../support/outbox.ts";
import { record } from "../support/recordings.ts";
import { isSend, isSync } from "../support/room-events.ts";
import { errorOf, type Outcome, type RunningSotto, resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";
import type { Fault, RecordedRequest } from "./recording-proxy.ts";

// A homeserver that does not say what must be known gets no message. The faults are the proxy's: a real Synapse cannot
// be asked to overload itself. The tokens and the outage are real.

const { newBot, newListener, proxy, synapse } = await openWorld();
let bot: Bot;
let listener: Listener;
let roomId: string;
let clearRoom: string;
let voice: string;
/** A send whose sync is never answered; it takes half a minute, so it runs beside the other tests. */
let silenced: { by: Bot; sending: RunningSotto };

beforeAll(async () => {
  let other: Bot;
  [bot, other, listener] = await Promise.all([newBot(), newBot(), newListener()]);
  ({ roomId } = await listener.request("create_room", { invite: [bot.userId] }));
  const created = await synapse.request<{ room_id: string }>(
    "POST",
    "/_matrix/client/v3/createRoom",
    listener.session.accessToken,
    { preset: "public_chat" },
  );
  clearRoom = created.room_id;
  voice = await record("into-the-void.wav");
  resultOf(await bot.run(["send", voice, "--room", roomId]));
  proxy.intercept((request) => isSync(request) && isOf(other, request), "hang before");
  silenced = { by: other, sending: other.start(["send", voice, "--room", roomId]) };
});

const isOf = ({ accessToken }: Bot, { headers }: RecordedRequest) =>
  headers.authorization === `Bearer ${accessToken}`;

const send = (room = roomId, from = bot): Promise<Outcome> => from.run(["send", voice, "--room", room]);
const isEncryptionState = ({ path }: RecordedRequest) => path.includes("/state/m.room.encryption");

async function refuse(matches: (request: RecordedRequest) => boolean, fault: Fault, room?: string) {
  const before = proxy.requests.length;
  const stop = proxy.intercept(matches, fault);
  try {
    const error = errorOf(await send(room));
    const requests = proxy.requests.slice(before);
    expect(requests.some(matches)).toBe(true);
    expect(requests.filter(isSend)).toEqual([]);
    expect(jobsOf(bot).filter(({ state }) => state !== "sent")).toEqual([]);
    return error;
  } finally {
    stop();
  }
}

const limited = { status: 429, body: { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 60_000 } };
const broken = { status: 500, body: { errcode: "M_UNKNOWN", error: "Internal server error" } };
const hidden = { status: 403, body: { errcode: "M_FORBIDDEN", error: "Not yours to see" } };
const notMatrix = { status: 404, body: {} };

describe("when the room's encryption cannot be read", () => {
  it.each([
    ["500", broken],
    ["429", limited],
    ["a 404 that is not the homeserver's word", notMatrix],
  ])("%s: unknown is not unencrypted, and refuses", async (_name, fault) => {
    const error = await refuse(isEncryptionState, fault, clearRoom);
    expect(error).toMatchObject({ code: "ROOM_ENCRYPTION_UNKNOWN", exitCode: 1 });
    expect(error.cure).toContain("try again");
  });

  it("403: refuses as for a room we are not in", async () => {
    const error = await refuse(isEncryptionState, hidden, clearRoom);
    expect(error).toMatchObject({ exitCode: 1, code: expect.stringMatching(/^ROOM_/) });
  });
});

describe("when sync does not reach the live end", () => {
  it("500: refuses, for nobody knows who is in the room now", async () => {
    expect(await refuse(isSync, broken)).toMatchObject({ code: "HOMESERVER_ERROR", exitCode: 3 });
  });

  it("429: refuses, and says how long to wait", async () => {
    expect(await refuse(isSync, limited)).toMatchObject({ code: "RATE_LIMITED", exitCode: 3 });
  });

  it("an answer that is no sync: refuses", async () => {
    const error = await refuse(isSync, { status: 200, body: { hello: "world" } });
    expect(error).toMatchObject({ code: "HOMESERVER_ERROR", exitCode: 3 });
  });
});

describe("when keys cannot be shared", () => {
  it.each(["/keys/query", "/keys/claim", "/sendToDevice/"])("500 on %s: refuses", async (part) => {
    const room = await listener.request("create_room", { invite: [bot.userId] });
    const newcomer = await newListener();
    await listener.request("invite", { roomId: room.roomId, userId: newcomer.userId });
    await newcomer.request("join", room);
    const stop = proxy.intercept(({ path }) => path.includes(part), broken);
    const before = proxy.requests.length;
    const error = errorOf(await send(room.roomId));
    stop();
    expect(error).toMatchObject({ code: "HOMESERVER_ERROR", exitCode: 3 });
    expect(proxy.requests.slice(before).filter(isSend)).toEqual([]);

    const { sharedWith } = resultOf<{ sharedWith: { userId: string }[] }>(await send(room.roomId));
    expect(sharedWith.map(({ userId }) => userId)).toContain(newcomer.userId);
  });
});

describe("when the homeserver is down", () => {
  it("says so, and accepts nothing", async () => {
    const jobs = jobsOf(bot);
    bot.configure({ homeserver: "http://127.0.0.1:9" });
    const error = errorOf(await send());
    bot.configure({ homeserver: proxy.baseUrl });
    expect(error).toMatchObject({ code: "HOMESERVER_UNREACHABLE", exitCode: 4 });
    expect(error.message).toContain("127.0.0.1:9");
    expect(jobsOf(bot)).toEqual(jobs);
    resultOf(await send());
  });
});

describe("the access token", () => {
  it("expired, with a password at hand: logs in again to the same device, and sends", async () => {
    const other = await newBot();
    const room = await listener.request("create_room", { invite: [other.userId] });
    resultOf(await send(room.roomId, other));
    const passwordFile = other.secretFile(other.account.password);
    const { userId, deviceId } = other;
    const account = { userId, deviceId, accessTokenFile: "./data/access-token" };
    // a token that Synapse has not seen in use yet is not in its cache: it can be made to expire behind its back
    const { accessToken } = await synapse.login(userId, other.account.password, deviceId);
    writeFileSync(join(other.data, "access-token"), accessToken);
    expire(accessToken);

    const without = errorOf(await send(room.roomId, other));
    expect(without).toMatchObject({ code: "TOKEN_REJECTED", exitCode: 3 });
    expect(without.cure).toContain("passwordFile");

    other.configure({ account: { ...account, passwordFile } });
    resultOf(await send(room.roomId, other));
    expect(readFileSync(join(other.data, "access-token"), "utf8").trim()).not.toBe(accessToken);
    expect((await other.run(["doctor"])).stdout).toContain(`device ${deviceId}`);
  });

  it("revoked: stops, and says what to do", async () => {
    const other = await newBot();
    await synapse.request("POST", "/_matrix/client/v3/logout", other.accessToken, {});
    const before = proxy.requests.length;
    const error = errorOf(await send(roomId, other));
    expect(error).toMatchObject({ code: "TOKEN_REJECTED", exitCode: 3 });
    expect(error.cure).toContain("sotto init");
    expect(proxy.requests.slice(before).filter(isSend)).toEqual([]);
  });
});

describe("when sync is never answered", () => {
  it("refuses after half a minute", async () => {
    const error = errorOf(await silenced.sending.ended);
    expect(error).toMatchObject({ code: "HOMESERVER_UNREACHABLE", exitCode: 4 });
    const requests = proxy.requests.filter((request) => isOf(silenced.by, request));
    expect(requests.some(isSync)).toBe(true);
    expect(requests.filter(isSend)).toEqual([]);
    expect(jobsOf(silenced.by)).toEqual([]);
  });
});
