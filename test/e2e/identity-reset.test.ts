import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { Sotto } from "../../src/index.ts";
import { publishedMasterKey, storedMasterKey } from "../support/account-keys.ts";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { errorOf, resultOf } from "../support/sotto.ts";
import { openWorld } from "../support/world.ts";
import type { RecordedRequest } from "./recording-proxy.ts";

// The one command that replaces an identity: only where a person types the account's name, and never half.

const { newBot, newElement, proxy, synapse } = await openWorld();
const homeserver = proxy.baseUrl;
const CLI = join(import.meta.dirname, "../../src/cli.ts");
const RESET = join(import.meta.dirname, "../support/reset-identity.ts");

afterEach(() => proxy.passOnEverything());

/** Runs the command line at a terminal, types the lines, and gives what stands on it afterwards. */
async function atTerminal(args: string[], lines: string[]): Promise<{ code: number; screen: string }> {
  const command = [process.execPath, CLI, ...args].map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qec", command, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] });
  let screen = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    screen += text;
    // each question ends so; an answer that came before its question would be lost
    const isQuestion = /: $/.test(stripVTControlCharacters(text));
    if (isQuestion && lines.length > 0) child.stdin.write(`${lines.shift()}\r`);
  });
  const [code] = await once(child, "close");
  return { code: code as number, screen };
}

const resetArguments = (bot: Bot, out: string) => [
  ...["identity", "reset", "--config", bot.config, "--recovery-key-out", out],
  ...["--password-file", bot.secretFile(bot.account.password)],
];

describe("identity reset at a terminal", () => {
  it("says who will see what, and does nothing unless the account's name is typed", async () => {
    const bot = await newBot();
    const element = await newElement();
    const { roomId } = await element.request("createRoom", { invite: [bot.userId] });
    const voice = await record("from-the-same-bot.ogg", undefined, "-c:a", "libopus");
    resultOf(await bot.run(["send", voice, "--room", roomId]));
    const before = await publishedMasterKey(synapse, bot);
    const out = join(bot.home, "new-key");

    const refused = await atTerminal(resetArguments(bot, out), ["yes"]);
    expect(refused.code).toBe(2);
    expect(refused.screen).toContain("verify it anew");
    expect(refused.screen).toContain(roomId);
    expect(await publishedMasterKey(synapse, bot)).toBe(before);
    expect(existsSync(out)).toBe(false);

    const done = await atTerminal(resetArguments(bot, out), [bot.userId]);
    expect(done).toMatchObject({ code: 0 });
    const after = await publishedMasterKey(synapse, bot);
    expect(after).not.toBe(before);
    renameSync(out, bot.recoveryKeyFile);
    expect(await storedMasterKey(homeserver, bot)).toBe(after);
    expect(JSON.parse((await bot.run(["recovery", "status"])).stdout)).toMatchObject({
      complete: true,
      backup: { trust: "our key", sessions: 1, backedUp: 1 },
    });

    // others are told of it, and the device is signed by the new one
    const { eventId } = resultOf<{ eventId: string }>(await bot.run(["send", voice, "--room", roomId]));
    const heard = await element.request("waitEvent", { roomId, eventId });
    expect(heard).toMatchObject({ decrypted: true, shield: { colour: "NONE" } });
    expect(await element.request("userStatus", { userId: bot.userId })).toMatchObject({
      masterKey: after,
      needsApproval: true,
    });
  });
});

describe("identity reset in a program", () => {
  it("is refused for another account's name, and with a wrong password, and the old key opens what it opened", async () => {
    const bot = await newBot();
    const before = await publishedMasterKey(synapse, bot);
    await using sotto = await Sotto.open(bot.config);
    const keeper = { keep: async () => undefined };
    await expect(sotto.identity.reset("@other:example.org", keeper)).rejects.toMatchObject({ code: "USAGE" });
    await expect(sotto.identity.reset(bot.userId, keeper)).rejects.toMatchObject({
      code: "IDENTITY_PROOF_NEEDED",
    });
    await expect(sotto.identity.reset(bot.userId, keeper, { password: "wrong" })).rejects.toMatchObject({
      code: "LOGIN_FAILED",
    });
    expect(await publishedMasterKey(synapse, bot)).toBe(before);
    expect(await storedMasterKey(homeserver, bot)).toBe(before);
  });

  it.each(["hang before", "hang after"] as const)(
    "killed at each change, %s the homeserver has it: the same call finishes",
    async (fault) => {
      const bot = await newBot();
      for (let n = 1; ; n += 1) {
        const old = await publishedMasterKey(synapse, bot);
        const out = join(bot.home, `key-${n}`);
        const killed = await killAtChange(n, fault, bot, out);
        const between = await publishedMasterKey(synapse, bot);
        // until the new identity is published, the old key opens the old one
        if (between === old) expect(await storedMasterKey(homeserver, bot)).toBe(old);
        if (killed) expect((await startReset(bot, out).ended).code).toBe(0);
        bot.recoveryKeyFile = out;
        const after = await publishedMasterKey(synapse, bot);
        expect(after).not.toBe(old);
        // one that was published already was not replaced a second time
        if (between !== old) expect(after).toBe(between);
        expect(await storedMasterKey(homeserver, bot)).toBe(after);
        expect((await bot.run(["identity", "status"])).code).toBe(0);
        if (killed) continue;
        expect(n).toBeGreaterThan(8);
        return;
      }
    },
    900_000,
  );
});

const changes = ({ method, path }: RecordedRequest): boolean =>
  method !== "GET" && !/\/keys\/(query|claim)|\/sync|\/filter/.test(path);

function startReset(bot: Bot, out: string) {
  const child = spawn(process.execPath, [RESET, bot.config, out, bot.account.password], { stdio: "inherit" });
  return {
    ended: once(child, "close").then(([code]) => ({ code: code as number | null })),
    kill: () => child.kill("SIGKILL"),
  };
}

async function killAtChange(
  n: number,
  fault: "hang before" | "hang after",
  bot: Bot,
  out: string,
): Promise<boolean> {
  let seen = 0;
  const reached = proxy.next((request) => changes(request) && ++seen === n, fault);
  const running = startReset(bot, out);
  const first = await Promise.race([reached, running.ended]);
  proxy.passOnEverything();
  if (!("method" in first)) {
    expect(first.code).toBe(0);
    return false;
  }
  running.kill();
  await running.ended;
  return true;
}

describe("what is refused stays whole", () => {
  it("the old recovery key opens nothing after a reset", async () => {
    const bot = await newBot();
    const old = readFileSync(bot.recoveryKeyFile, "utf8");
    const out = join(bot.home, "new-key");
    expect((await startReset(bot, out).ended).code).toBe(0);
    const args = ["recovery", "restore", "--recovery-key-file", bot.secretFile(old)];
    expect(errorOf(await bot.run(args))).toMatchObject({ code: "RECOVERY_KEY_WRONG" });
  });
});
