import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { SendResult } from "../../src/index.ts";
import { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { linesOf, resultOf } from "../support/sotto.ts";
import { type ElementUser, openWorld } from "../support/world.ts";

// A machine is lost. A new one, with nothing but the recovery key, is the same account to everybody else, and plays
// what was sent before.

const { folder, newBot, newElement, proxy } = await openWorld();
const homeserver = proxy.baseUrl;
let bot: Bot;
let element: ElementUser;
let roomId: string;
let voice: string;

beforeAll(async () => {
  [bot, element] = await Promise.all([newBot(), newElement()]);
  ({ roomId } = await element.request("createRoom", { invite: [bot.userId] }));
  voice = await record("before-the-machine-was-lost.ogg", undefined, "-c:a", "libopus");
  resultOf(await bot.run(["send", voice, "--room", roomId]));
});

interface Report {
  complete: boolean;
  storage: { holds: string[]; keyId: string; hasPassphrase: boolean };
  backup: {
    version?: string;
    trust?: string;
    uploading: boolean;
    keyHere: boolean;
    sessions: number;
    backedUp: number;
  };
}
const reportOf = async (of: Bot) => JSON.parse((await of.run(["recovery", "status"])).stdout) as Report;

function place(name: string): Bot {
  const home = join(folder, name);
  mkdirSync(home);
  return new Bot(bot.account, home);
}

describe("after init", () => {
  it("there is everything that a recovery needs, and each room key is in the backup", async () => {
    expect(await reportOf(bot)).toMatchObject({
      complete: true,
      storage: { holds: expect.arrayContaining(["m.megolm_backup.v1", "m.cross_signing.master"]) },
      backup: { trust: "our key", uploading: true, keyHere: true, sessions: 1, backedUp: 1 },
    });
  });

  it("status shows the identity with its fingerprint in groups of four", async () => {
    const { fingerprint, ...report } = resultOf<{ fingerprint: string }>(
      await bot.run(["identity", "status"]),
    );
    expect(report).toMatchObject({ exists: true, deviceSigned: true, privateKeysHere: true });
    expect(fingerprint).toMatch(/^(\S{4} ){10}\S{3}$/);
    const { masterKey } = await element.request("userStatus", { userId: bot.userId });
    expect(fingerprint.replaceAll(" ", "")).toBe(masterKey);
  });
});

describe("a new machine with the recovery key", () => {
  let next: Bot;
  let heard: { eventId: string };

  beforeAll(async () => {
    heard = await element.request("sendVoice", { roomId, file: voice, durationMs: 1500 });
    const out = join(bot.home, "heard");
    linesOf(await bot.run(["receive", "--out", out, "--count", "1", "--timeout", "60"]));
    expect(await reportOf(bot)).toMatchObject({ backup: { sessions: 2, backedUp: 2 } });
    next = place("next");
    await next.init({ homeserver, recoveryKeyFile: bot.recoveryKeyFile });
  });

  it("has the same identity: nobody sees a shield or is told of a change", async () => {
    const result = resultOf<SendResult>(await next.run(["send", voice, "--room", roomId]));
    const seen = await element.request("waitEvent", { roomId, eventId: result.eventId });
    expect(seen.shield).toEqual({ colour: "NONE", reason: null });
    expect(await element.request("userStatus", { userId: bot.userId })).toMatchObject({
      needsApproval: false,
    });
  });

  it("plays what was sent before: the room key is fetched when the message turns up", async () => {
    // what proves who sent it is lost with the old machine, and the operator says so
    next.configure({ trust: { acceptFrom: "all" } });
    const out = join(next.home, "heard");
    const lines = linesOf<{ eventId: string; trust: string; unproven?: string }>(
      await next.run(["receive", "--out", out, "--count", "1", "--timeout", "60"]),
    );
    expect(lines).toMatchObject([{ eventId: heard.eventId, trust: "unknown", unproven: "key-from-backup" }]);
    const request = proxy.requests.find(({ path }) =>
      path.includes(`/room_keys/keys/${encodeURIComponent(roomId)}/`),
    );
    expect(request?.status).toBe(200);
  });

  it("restores every room key at once", async () => {
    const other = place("other");
    await other.init({ homeserver, recoveryKeyFile: bot.recoveryKeyFile });
    const restored = resultOf(
      await other.run(["recovery", "restore", "--recovery-key-file", bot.recoveryKeyFile]),
    );
    expect(restored).toMatchObject({ identity: "already signed", damaged: 0 });
    const { total, imported } = restored as { total: number; imported: number };
    expect([total, imported]).toEqual([3, 3]);
  });
});
