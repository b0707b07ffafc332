import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { Sotto } from "../../src/index.ts";
import { bareBot } from "../support/account-keys.ts";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { errorOf, resultOf } from "../support/sotto.ts";
import { openWorld } from "../support/world.ts";
import type { RecordedRequest } from "./recording-proxy.ts";

// Secret storage and backup that are damaged, foreign or gone: refused with the reason, and nothing is written.

const { folder, newBot, proxy, synapse } = await openWorld();
let voice: string;

beforeAll(async () => {
  voice = await record("for-whoever-recovers.ogg", undefined, "-c:a", "libopus");
});

const ENCRYPTION = { algorithm: "m.megolm.v1.aes-sha2" };

/** A room with nobody but the bot in it. */
async function ownRoom(bot: Bot): Promise<string> {
  const initial_state = [{ type: "m.room.encryption", state_key: "", content: ENCRYPTION }];
  const { room_id } = await ask<{ room_id: string }>(bot, "POST", "/createRoom", { initial_state });
  return room_id;
}

const ask = <T>(
  bot: Bot,
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  body?: object,
): Promise<T> => synapse.request<T>(method, `/_matrix/client/v3${path}`, bot.accessToken, body);

const send = (bot: Bot, roomId: string) => bot.run(["send", voice, "--room", roomId]);

/** A further device of the account, without keys. */
async function further(bot: Bot): Promise<Bot> {
  const session = await synapse.login(bot.userId, bot.account.password);
  return bareBot({ ...bot.account, ...session }, mkdtempSync(join(folder, "further-")), proxy.baseUrl);
}

const restore = (bot: Bot, keyFile: string, flag = "--recovery-key-file") =>
  bot.run(["recovery", "restore", flag, keyFile]);

interface Report {
  complete: boolean;
  storage: object;
  backup: { version?: string; trust?: string; uploading: boolean; sessions: number; backedUp: number };
}
async function reportOf(bot: Bot): Promise<Report> {
  return JSON.parse((await bot.run(["recovery", "status"])).stdout) as Report;
}

const changesSecrets = ({ method, path }: RecordedRequest): boolean =>
  method !== "GET" && /\/account_data\/m\.|\/room_keys\/|\/signatures\/upload|\/device_signing\//.test(path);

/** Runs it, and says whether it has changed anything that is secret at the homeserver. */
async function unchanged<T>(run: () => Promise<T>): Promise<T> {
  const before = proxy.requests.length;
  const result = await run();
  expect(
    proxy.requests
      .slice(before)
      .filter(changesSecrets)
      .map(({ path }) => path),
  ).toEqual([]);
  return result;
}

async function changeAccountData(bot: Bot, type: string, change: (content: never) => object): Promise<void> {
  const path = `/user/${encodeURIComponent(bot.userId)}/account_data/${type}`;
  await ask(bot, "PUT", path, change(await ask(bot, "GET", path)));
}

describe("a restore is refused", () => {
  let bot: Bot;
  beforeAll(async () => {
    bot = await newBot();
  });

  it("with a wrong recovery key, a wrong passphrase, and a key that is none", async () => {
    const next = await further(bot);
    const stranger = await newBot();
    const tries = [
      await unchanged(() => restore(next, stranger.recoveryKeyFile)),
      await unchanged(() => restore(next, next.secretFile("correct horse"), "--passphrase-file")),
      await unchanged(() => restore(next, next.secretFile("EsTc LW2K PGiF wKEA ===="))),
    ];
    for (const outcome of tries)
      expect(errorOf(outcome)).toMatchObject({ code: "RECOVERY_KEY_WRONG", exitCode: 3 });
    expect((await next.run(["identity", "status"])).code).toBe(1);
  });

  it("where a secret is damaged, or the storage is of an algorithm nobody knows", async () => {
    const { key } = await ask<{ key: string }>(
      bot,
      "GET",
      `/user/${encodeURIComponent(bot.userId)}/account_data/m.secret_storage.default_key`,
    );
    const next = await further(bot);
    await changeAccountData(
      bot,
      "m.cross_signing.master",
      ({ encrypted }: { encrypted: Record<string, object> }) => ({
        encrypted: { [key]: { ...encrypted[key], ciphertext: "AAAA" } },
      }),
    );
    expect(errorOf(await unchanged(() => restore(next, bot.recoveryKeyFile)))).toMatchObject({
      code: "SECRET_STORAGE_DAMAGED",
      message: expect.stringContaining("m.cross_signing.master"),
    });
    await changeAccountData(bot, `m.secret_storage.key.${key}`, (content: object) => ({
      ...content,
      algorithm: "org.example.rot13",
    }));
    expect(errorOf(await unchanged(() => restore(next, bot.recoveryKeyFile)))).toMatchObject({
      code: "SECRET_STORAGE_UNSUPPORTED",
    });
    expect(await reportOf(bot)).toMatchObject({
      complete: false,
      storage: { problem: { code: "SECRET_STORAGE_UNSUPPORTED" } },
    });
    // the device that still has the keys writes it anew
    const out = join(bot.home, "new-key");
    resultOf(await bot.run(["recovery", "create", "--replace", "--out", out]));
    expect(await reportOf(bot)).toMatchObject({ complete: true });
    expect(resultOf(await restore(next, out))).toMatchObject({ identity: "joined" });
  });
});

describe("secret storage that is there", () => {
  it("is not replaced unasked, and no recovery key is written for one that is not made", async () => {
    const bot = await newBot();
    const out = join(bot.home, "another-key");
    const create = (...flags: string[]) => bot.run(["recovery", "create", "--out", out, ...flags]);
    expect(errorOf(await unchanged(() => create()))).toMatchObject({ code: "SECRET_STORAGE_EXISTS" });
    expect(existsSync(out)).toBe(false);
    writeFileSync(out, readFileSync((await newBot()).recoveryKeyFile));
    expect(errorOf(await unchanged(() => create("--replace")))).toMatchObject({ code: "FILE_EXISTS" });
    expect(await reportOf(bot)).toMatchObject({ complete: true });
  });
});

describe("a key backup", () => {
  it("with damaged sessions: they are counted, and stop none of the others", async () => {
    const bot = await newBot();
    const rooms = await Promise.all([1, 2].map(() => ownRoom(bot)));
    for (const roomId of rooms) resultOf(await send(bot, roomId));
    const { version } = (await reportOf(bot)).backup;
    const damaged = {
      sessions: Object.fromEntries(
        [{}, { ephemeral: "x", mac: "y", ciphertext: "z" }].map((session_data) => [
          randomBytes(32).toString("base64").replace("=", ""),
          { first_message_index: 0, forwarded_count: 0, is_verified: true, session_data },
        ]),
      ),
    };
    await ask(bot, "PUT", `/room_keys/keys?version=${version}`, {
      rooms: { [rooms[0]!]: damaged, "no room": damaged },
    });
    const next = await further(bot);
    expect(resultOf(await restore(next, bot.recoveryKeyFile))).toMatchObject({
      total: 6,
      imported: 2,
      damaged: 4,
    });
  });

  it("that somebody else made gets nothing, and is reported", async () => {
    const bot = await newBot();
    const [first, second] = await Promise.all([1, 2].map(() => ownRoom(bot)));
    resultOf(await send(bot, first!));
    const { version } = await ask<{ version: string }>(bot, "POST", "/room_keys/version", {
      algorithm: "m.megolm_backup.v1.curve25519-aes-sha2",
      auth_data: { public_key: randomBytes(32).toString("base64").replace("=", ""), signatures: {} },
    });
    const before = proxy.requests.length;
    const refused = proxy.arrival(
      ({ method, path }) => method === "GET" && path.endsWith("/room_keys/version"),
    );
    resultOf(await send(bot, second!));
    await refused;
    const report = await reportOf(bot);
    expect(report).toMatchObject({
      complete: false,
      backup: { version, trust: "refused", uploading: false },
    });
    const uploaded = proxy.requests
      .slice(before)
      .filter(({ method, path }) => method === "PUT" && path.includes("/room_keys/keys"));
    expect(uploaded.map(({ status }) => status)).toEqual(uploaded.map(() => 403));
    expect(await ask(bot, "GET", "/room_keys/version")).toMatchObject({ version, count: 0 });

    const keyFile = ["--recovery-key-file", bot.recoveryKeyFile];
    const next = await further(bot);
    for (const outcome of [
      await unchanged(() => bot.run(["recovery", "create", ...keyFile])),
      await restore(next, bot.recoveryKeyFile),
    ])
      expect(errorOf(outcome)).toMatchObject({ code: "BACKUP_UNTRUSTED", exitCode: 3 });
    // the identity was taken, as `status` shows
    expect((await next.run(["identity", "status"])).code).toBe(0);
    const own = resultOf(await bot.run(["recovery", "create", ...keyFile, "--replace-backup"]));
    expect(own).toMatchObject({ backup: "created" });
    resultOf(await send(bot, second!));
    expect(await reportOf(bot)).toMatchObject({ complete: true, backup: { sessions: 2, backedUp: 2 } });
  });

  it("that has vanished is made again with every key, when somebody asks for it", async () => {
    const bot = await newBot();
    const [first, second] = await Promise.all([1, 2].map(() => ownRoom(bot)));
    resultOf(await send(bot, first!));
    const { version } = (await reportOf(bot)).backup;
    await ask(bot, "DELETE", `/room_keys/version/${version}`);
    resultOf(await send(bot, second!));
    expect(await reportOf(bot)).toMatchObject({ complete: false, backup: { uploading: false } });
    const next = await further(bot);
    expect(errorOf(await restore(next, bot.recoveryKeyFile))).toMatchObject({ code: "BACKUP_MISSING" });
    const keyFile = ["--recovery-key-file", bot.recoveryKeyFile];
    expect(resultOf(await bot.run(["recovery", "create", ...keyFile]))).toMatchObject({ backup: "created" });
    resultOf(await send(bot, second!));
    expect(resultOf(await restore(next, bot.recoveryKeyFile))).toMatchObject({
      total: 2,
      imported: 2,
      damaged: 0,
    });
  });

  it("that its owner deletes is gone with its key, and is not made again unasked", async () => {
    const bot = await newBot();
    resultOf(await send(bot, await ownRoom(bot)));
    await using sotto = await Sotto.open(bot.config);
    const recoveryKey = readFileSync(bot.recoveryKeyFile, "utf8");
    const progress: number[] = [];
    await sotto.recovery.restore({ recoveryKey }, ({ done }) => void progress.push(done));
    expect(progress).toEqual([1]);
    await expect(sotto.recovery.deleteBackup("@other:example.org")).rejects.toMatchObject({ code: "USAGE" });
    expect(await reportOf(bot)).toMatchObject({ complete: true });
    await sotto.recovery.deleteBackup(bot.userId);
    await expect(ask(bot, "GET", "/room_keys/version")).rejects.toThrow();
    expect(await sotto.recovery.status()).toMatchObject({
      storage: { holds: { length: 3 } },
      backup: { version: undefined, uploading: false },
    });
    expect(await sotto.identity.bootstrap({ choice: { recoveryKey } })).toMatchObject({ backup: "off" });
    expect(await sotto.recovery.create({ recoveryKey })).toMatchObject({ backup: "created" });
  });

  it("never holds a send: not while it is refused, nor while it hangs", async () => {
    const bot = await newBot();
    const isUpload = ({ method, path }: RecordedRequest) =>
      method === "PUT" && path.includes("/room_keys/keys");
    const limited = { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 600_000 };
    for (const fault of [{ status: 429, body: limited }, "hang before"] as const) {
      const before = proxy.requests.length;
      const stop = proxy.intercept(isUpload, fault);
      resultOf(await send(bot, await ownRoom(bot)));
      stop();
      // nor is it tried again and again while the command wants to end
      expect(proxy.requests.slice(before).filter(isUpload)).toHaveLength(1);
    }
    expect(await reportOf(bot)).toMatchObject({ backup: { sessions: 2, backedUp: 0 } });
    resultOf(await send(bot, await ownRoom(bot)));
    expect(await reportOf(bot)).toMatchObject({ backup: { sessions: 3, backedUp: 3 } });
  });
});
