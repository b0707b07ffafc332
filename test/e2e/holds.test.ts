import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SendResult } from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { isEnded, jobsOf } from "../support/outbox.ts";
import { record } from "../support/recordings.ts";
import { isSend, syncAfterUpload } from "../support/room-events.ts";
import { cli, endAllSotto, errorOf, resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";
import { type ListenerIdentity, signListener } from "../witness/sign-listener.ts";

// A member's identity is exchanged, or a member is new: a room's messages wait until a person has looked.

const { newConversation, newListener, proxy, synapse } = await openWorld();
let bot: Bot;
let alice: Listener;
let roomId: string;
let voice: string;

beforeAll(async () => {
  ({ bot, listener: alice, roomId } = await newConversation());
  voice = await record("held-back.ogg", undefined, "-c:a", "libopus");
  resultOf(await send());
});

afterEach(async () => {
  proxy.passOnEverything();
  await endAllSotto();
});

const send = (room = roomId) => bot.run(["send", voice, "--room", room]);
const accept = (...args: string[]) => bot.run(["trust", "accept", alice.userId, ...args]);
/** What a homeserver can do to any account: new keys, and the true device signed with them. */
const swapIdentity = (): Promise<ListenerIdentity> =>
  signListener({ baseUrl: synapse.baseUrl, ...alice.session, password: alice.account.password });
/** What doctor says of rooms that are held. */
async function heldByDoctor(): Promise<{ result: string; message: string; cure?: string } | undefined> {
  const { checks } = JSON.parse((await bot.run(["doctor"])).stdout);
  return checks.find(({ name }: { name: string }) => name === "held");
}
const keysLeft = (from: number) =>
  proxy.requests
    .slice(from)
    .filter(({ path }) => /\/keys\/claim|\/sendToDevice\//.test(path) || path.includes("/send/m."));

/** A message that was accepted, and whose process was killed before it was encrypted. */
async function leaveOneWaiting(): Promise<void> {
  const reached = proxy.next(syncAfterUpload(), "hang before");
  const sending = bot.start(["send", voice, "--room", roomId]);
  await reached;
  await sending.end("SIGKILL");
  proxy.passOnEverything();
  expect(jobsOf(bot).filter(({ state }) => state === "uploaded")).toHaveLength(1);
}

/** The command line as a person at a terminal has it. */
async function atTerminal(args: string[], typed: string): Promise<{ code: number; shown: string }> {
  const words = [process.execPath, cli(), ...args, "--config", bot.config].map((word) => `'${word}'`);
  const child = spawn("script", ["-qec", words.join(" "), "/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
    if (text.includes("Accept it?")) child.stdin.write(`${typed}\n`);
  });
  const [code] = await once(child, "close");
  return { code, shown };
}

describe("a member whose master key was exchanged", () => {
  let swapped: ListenerIdentity;

  it("holds what waits for the room, and refuses what is new, naming the user", async () => {
    await leaveOneWaiting();
    swapped = await swapIdentity();
    const from = proxy.requests.length;
    const service = bot.start(["run"]);
    await service.says("IDENTITY_CHANGED");
    const refused = errorOf(await send());
    expect(refused).toMatchObject({ code: "IDENTITY_CHANGED", exitCode: 1 });
    expect(refused.message).toContain(alice.userId);
    await service.end("SIGTERM");
    expect(keysLeft(from)).toEqual([]);
    expect(jobsOf(bot).map(({ state }) => state)).toEqual(["sent", "uploaded", "failed"]);
    const held = await heldByDoctor();
    expect(held).toMatchObject({ result: "fail", message: expect.stringContaining(alice.userId) });
    expect(held?.message).toContain(roomId);
    expect(held?.cure).toContain(`sotto trust accept ${alice.userId}`);
  });

  it("is not accepted by asking nobody, nor with another fingerprint than the one that is there", async () => {
    expect(errorOf(await accept())).toMatchObject({ code: "USAGE", exitCode: 2 });
    const old = alice.identity!.masterKey;
    expect(errorOf(await accept("--fingerprint", old))).toMatchObject({
      code: "FINGERPRINT_MISMATCH",
      exitCode: 1,
    });
    expect(errorOf(await send()).code).toBe("IDENTITY_CHANGED");
  });

  it("is shown to the person at the terminal, and stays what it was if they do not say yes", async () => {
    const { code, shown } = await atTerminal(["trust", "accept", alice.userId], "no");
    expect(code).toBe(1);
    expect(shown.replace(/\s/g, "")).toContain(swapped.masterKey);
    expect(shown).toContain("NOT_CONFIRMED");
    expect(errorOf(await send()).code).toBe("IDENTITY_CHANGED");
  });

  it("goes on by itself after the acceptance: what waited is sent, once", async () => {
    const service = bot.start(["run"]);
    await service.says("IDENTITY_CHANGED");
    const put = proxy.next(isSend);
    const status = resultOf(await accept("--fingerprint", swapped.masterKey));
    expect(status).toMatchObject({ userId: alice.userId, identityChanged: true });
    expect((await put).status).toBe(200);
    const { eventId } = resultOf<SendResult>(await send());
    await alice.request("wait_event", { roomId, eventId, kind: "m.audio" });
    await service.end("SIGTERM");
    const states = jobsOf(bot).map(({ state }) => state);
    expect(states.filter((state) => !isEnded(state))).toEqual([]);
  });

  it("may be accepted at the terminal too", async () => {
    const again = await swapIdentity();
    expect(errorOf(await send()).code).toBe("IDENTITY_CHANGED");
    const { code, shown } = await atTerminal(["trust", "accept", alice.userId], "yes");
    expect(shown.replace(/\s/g, "")).toContain(again.masterKey);
    expect(code).toBe(0);
    resultOf(await send());
    expect(await heldByDoctor()).toMatchObject({ result: "pass" });
    const nothing = await atTerminal(["trust", "accept", alice.userId], "yes");
    expect(nothing.shown).toContain(`nothing of ${alice.userId} waits`);
    expect(nothing.shown).not.toContain("Compare");
    expect(nothing.code).toBe(0);
  });
});

describe("a member who was never seen in the room, under `newMembers: hold`", () => {
  it("holds the room until accepted; whoever was there at its first message does not", async () => {
    bot.configure({ trust: { newMembers: "hold" } });
    const { roomId: room } = await alice.request("create_room", { invite: [bot.userId] });
    resultOf(await send(room));
    const bob = await newListener();
    await alice.request("invite", { roomId: room, userId: bob.userId });
    await bob.request("join", { roomId: room });

    const from = proxy.requests.length;
    const refused = errorOf(await send(room));
    expect(refused).toMatchObject({ code: "MEMBER_NOT_ACCEPTED", exitCode: 1 });
    expect(refused.message).toContain(bob.userId);
    expect(keysLeft(from)).toEqual([]);
    const held = await heldByDoctor();
    expect(held).toMatchObject({ result: "fail", message: expect.stringContaining(room) });
    expect(held?.cure).toContain(`sotto trust accept ${bob.userId} --room ${room}`);

    const fingerprint = bob.identity!.masterKey;
    const accepted = await bot.run([
      "trust",
      "accept",
      bob.userId,
      "--room",
      room,
      "--fingerprint",
      fingerprint,
    ]);
    expect(resultOf(accepted)).toMatchObject({ newIn: [room], identityChanged: false });
    const { sharedWith } = resultOf<SendResult>(await send(room));
    expect(sharedWith.map(({ userId }) => userId)).toContain(bob.userId);
  });
});
