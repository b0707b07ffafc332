import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import type { SendResult } from "../../src/index.ts";
import { Bot } from "../support/bot.ts";
import { isEnded, jobsOf } from "../support/outbox.ts";
import { record } from "../support/recordings.ts";
import { errorOf, resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// A store that cannot be used is left as it is, and every way out of it is named.

const { folder, newAccount, newConversation, proxy } = await openWorld();
let bot: Bot;
let listener: Listener;
let roomId: string;
let voice: string;

beforeAll(async () => {
  ({ bot, listener, roomId } = await newConversation());
  voice = await record("kept-in-store.wav");
});

const send = (...flags: string[]) => bot.run(["send", voice, "--room", roomId, ...flags]);

/** Sends and expects a refusal without a single request; then undoes the harm and expects a message to be heard. */
async function refuse(undo: () => void | Promise<void>, ...flags: string[]) {
  const before = proxy.requests.length;
  const error = errorOf(await send(...flags));
  expect(proxy.requests).toHaveLength(before);
  await undo();
  const { eventId } = resultOf<SendResult>(await send());
  await listener.request("wait_event", { roomId, eventId, kind: "m.audio" });
  return error;
}

describe("the store", () => {
  it("of another device", async () => {
    const { account } = parse(readFileSync(bot.config, "utf8")) as { account: object };
    bot.configure({ account: { ...account, deviceId: "ANOTHERONE" } });
    const error = await refuse(() => bot.configure({ account }));
    expect(error).toMatchObject({ code: "STORE_OTHER_DEVICE", exitCode: 3 });
  });

  it("with the wrong key", async () => {
    const path = join(bot.data, "store.key");
    const key = readFileSync(path);
    writeFileSync(path, randomBytes(32));
    const error = await refuse(() => writeFileSync(path, key));
    expect(error).toMatchObject({ code: "STORE_WRONG_KEY", exitCode: 3 });
  });

  it("without its key", async () => {
    const path = join(bot.data, "store.key");
    const key = readFileSync(path);
    rmSync(path);
    const error = await refuse(() => writeFileSync(path, key, { mode: 0o600 }));
    expect(error).toMatchObject({ code: "STORE_KEY_MISSING", exitCode: 2 });
    expect(error.message).toContain("store.key");
  });

  it("with a key that is none", async () => {
    const path = join(bot.data, "store.key");
    const key = readFileSync(path);
    writeFileSync(path, Buffer.alloc(32));
    const error = await refuse(() => writeFileSync(path, key));
    expect(error).toMatchObject({ code: "STORE_KEY_MISSING", exitCode: 2 });
  });
});

/** Another process takes the store; the returned function ends it. */
async function holdStore(): Promise<() => Promise<void>> {
  const program = join(import.meta.dirname, "../support/hold-store.ts");
  const holder = spawn(process.execPath, [program, join(bot.data, "crypto.sqlite")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(holder, "close");
  onTestFinished(() => void holder.kill("SIGKILL"));
  await once(holder.stdout, "data");
  return async () => {
    holder.stdin.end();
    await ended;
  };
}

describe("the store held by a process", () => {
  it("that does not listen: waits as long as it is told, then gives up", async () => {
    const error = await refuse(await holdStore(), "--wait", "1");
    expect(error).toMatchObject({ code: "STORE_HELD", exitCode: 3 });
    expect(error.cure).toContain("end the process");
  });

  it("that listens and does not answer: likewise", async () => {
    const release = await holdStore();
    const path = join(bot.data, "control.sock");
    rmSync(path, { force: true });
    const deaf = createServer((socket) => socket.resume()).listen(path);
    await once(deaf, "listening");
    const undo = async () => {
      await release();
      await new Promise((resolve) => deaf.close(resolve));
    };
    const error = await refuse(undo, "--wait", "1");
    expect(error).toMatchObject({ code: "STORE_HELD", exitCode: 3 });
    expect(error.message).toContain("does not answer");
  });

  it("that ends in time: goes on", async () => {
    const release = await holdStore();
    const sending = bot.start(["send", voice, "--room", roomId, "--wait", "60"]);
    await release();
    resultOf(await sending.ended);
  });
});

/** A file system of two megabytes, or the reason why there is none. */
function smallDisk(): string | Error {
  const path = join(folder, "small-disk");
  mkdirSync(path);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", path], { stdio: "pipe" });
    return path;
  } catch (error) {
    return error as Error;
  }
}

describe("a full disk", () => {
  it("sends nothing that it could not note first, and goes on when there is space", async ({ skip }) => {
    const disk = smallDisk();
    if (disk instanceof Error) return skip(`only root can mount a small disk: ${disk.message}`);
    onTestFinished(() => void execFileSync("umount", ["--lazy", disk]));
    const small = new Bot(await newAccount(), disk);
    await small.init({ homeserver: proxy.baseUrl });
    const room = await listener.request("create_room", { invite: [small.userId] });
    resultOf(await small.run(["send", voice, "--room", room.roomId]));

    const filler = join(disk, "filler");
    fill(filler);
    const error = errorOf(await small.run(["send", voice, "--room", room.roomId]));
    expect(error).toMatchObject({ code: "DISK_FULL", exitCode: 3 });
    expect(error.cure).toContain("space");

    rmSync(filler);
    const { eventId } = resultOf<SendResult>(await small.run(["send", voice, "--room", room.roomId]));
    await listener.request("wait_event", { roomId: room.roomId, eventId, kind: "m.audio" });
    expect(jobsOf(small).filter(({ state }) => !isEnded(state))).toEqual([]);
  });
});

/** Takes the disk's last byte. */
function fill(path: string): void {
  for (const size of [65_536, 4_096, 512]) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: "a" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }
}
