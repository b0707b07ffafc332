import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { openIndexedDB } from "indexeddb-sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { openEngine, STORE_FILE } from "../src/engine.ts";
import { EncryptionSettings, RoomId, StoreType, UserId } from "../src/index.ts";
import { roomEvent, serverWith, shareRoomKey } from "./support/conversation.ts";
import { KEY, open, temporaryDirectory } from "./support/stores.ts";

const ALICE = "@alice:example.org";
const BOB = "@bob:example.org";
const ROOM = new RoomId("!room:example.org");
const opener = join(import.meta.dirname, "support/open-store.ts");

describe("a restart", () => {
  test.each([
    ["a 32-byte key", KEY],
    ["a passphrase", "correct horse"],
    ["an empty passphrase, as matrix-bot-sdk gives", ""],
    ["nothing", null],
  ])("with %s keeps identity, sessions and room keys", async (_, secret) => {
    const [first, second] = [temporaryDirectory(), temporaryDirectory()];
    const alice = await open(ALICE, "A", first, secret);
    const bob = await open(BOB, "B", second, secret);
    const server = await serverWith(alice, bob);
    await shareRoomKey(server, alice, ROOM, [BOB]);
    const before = await alice.encryptRoomEvent(ROOM, "m.room.message", '{"body":"before"}');
    await server.sync(bob);
    const identity = alice.identityKeys.ed25519.toBase64();
    alice.close();
    bob.close();

    const alice2 = await open(ALICE, "A", first, secret);
    const bob2 = await open(BOB, "B", second, secret);
    expect(alice2.identityKeys.ed25519.toBase64()).toBe(identity);
    expect(await shareRoomKey(server, alice2, ROOM, [BOB])).toBe(0);
    expect(server.calls.claim).toBe(1);
    const after = await alice2.encryptRoomEvent(ROOM, "m.room.message", '{"body":"after"}');
    expect(JSON.parse(after).session_id).toBe(JSON.parse(before).session_id);
    for (const [content, body] of [
      [before, "before"],
      [after, "after"],
    ] as const) {
      const { event } = await bob2.decryptRoomEvent(roomEvent(ALICE, content), ROOM);
      expect(JSON.parse(event).content).toEqual({ body });
    }
  });

  test("goes on encrypting without a new share, as the native package does", async () => {
    const directory = temporaryDirectory();
    const alice = await open(ALICE, "A", directory, KEY);
    await alice.shareRoomKey(ROOM, [], new EncryptionSettings());
    const before = JSON.parse(await alice.encryptRoomEvent(ROOM, "m.room.message", "{}"));
    alice.close();
    const again = await open(ALICE, "A", directory, KEY);
    const after = JSON.parse(await again.encryptRoomEvent(ROOM, "m.room.message", "{}"));
    expect(after.session_id).toBe(before.session_id);
  });
});

describe("the files", () => {
  test("are for their owner only", async () => {
    const directory = join(temporaryDirectory(), "deep", "store");
    await open(ALICE, "A", directory, KEY);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(readdirSync(directory)).toContain(STORE_FILE);
    for (const name of readdirSync(directory))
      expect(statSync(join(directory, name)).mode & 0o077, name).toBe(0);
  });
});

describe("refused", () => {
  const refusal = (directory: string, secret?: string | Uint8Array | null, device = "A") =>
    open(ALICE, device, directory, secret).then(
      () => "opened",
      (error: { code?: string }) => error.code,
    );

  test("a native store, of which nothing is touched", async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "matrix-sdk-crypto.sqlite3"), "native");
    const before = statSync(directory).mtimeMs;
    expect(await refusal(directory)).toBe("ERR_STORE_NATIVE");
    expect(readdirSync(directory)).toEqual(["matrix-sdk-crypto.sqlite3"]);
    expect(statSync(directory).mtimeMs).toBe(before);
  });

  test("a second machine in this process, until the first is closed", async () => {
    const directory = temporaryDirectory();
    const first = await open(ALICE, "A", directory, KEY);
    expect(await refusal(directory, KEY)).toBe("ERR_STORE_LOCKED");
    const link = join(temporaryDirectory(), "link");
    symlinkSync(directory, link);
    expect(await refusal(link, KEY)).toBe("ERR_STORE_LOCKED");
    await expect(openEngine({ userId: ALICE, deviceId: "A", directory, key: KEY })).rejects.toMatchObject({
      code: "ERR_STORE_LOCKED",
      message: expect.stringContaining("index twice"),
    });
    first.close();
    expect(await refusal(directory, KEY)).toBe("opened");
  });

  test("one of two that open it at once", async () => {
    const directory = temporaryDirectory();
    const results = await Promise.all([refusal(directory, KEY), refusal(directory, KEY)]);
    expect(results.sort()).toEqual(["ERR_STORE_LOCKED", "opened"]);
  });

  test("a machine in another process or thread", async () => {
    const directory = temporaryDirectory();
    await open(ALICE, "A", directory, KEY);
    const { stdout } = await promisify(execFile)(process.execPath, [opener, directory]);
    expect(stdout.trim()).toBe("ERR_STORE_LOCKED");
    const worker = new Worker(opener, { argv: [directory], stdout: true });
    const [chunk] = await once(worker.stdout, "data");
    expect(String(chunk).trim()).toBe("ERR_STORE_LOCKED");
  });

  test("this one while another process has it, and no longer when that was killed", async () => {
    const directory = temporaryDirectory();
    const child = spawn(process.execPath, [opener, directory, "hold"]);
    onTestFinished(() => void child.kill("SIGKILL"));
    expect(String((await once(child.stdout, "data"))[0]).trim()).toBe("opened");
    expect(await refusal(directory, KEY)).toBe("ERR_STORE_LOCKED");
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await refusal(directory, KEY)).toBe("opened");
  });

  test("the wrong key or passphrase, too much and too little", async () => {
    const [keyed, phrased, plain] = [temporaryDirectory(), temporaryDirectory(), temporaryDirectory()];
    (await open(ALICE, "A", keyed, KEY)).close();
    (await open(ALICE, "A", phrased, "correct horse")).close();
    (await open(ALICE, "A", plain)).close();
    expect(await refusal(keyed, new Uint8Array(32))).toBe("ERR_STORE_WRONG_KEY");
    expect(await refusal(keyed, null)).toBe("ERR_STORE_WRONG_KEY");
    expect(await refusal(phrased, "wrong horse")).toBe("ERR_STORE_WRONG_KEY");
    expect(await refusal(phrased, KEY)).toBe("ERR_STORE_WRONG_KEY");
    expect(await refusal(keyed, "correct horse")).toBe("ERR_STORE_WRONG_KEY");
    expect(await refusal(plain, KEY)).toBe("ERR_STORE_WRONG_KEY");
    expect(await refusal(keyed, new Uint8Array(31))).toBe("ERR_STORE_KEY_LENGTH");
    expect(await refusal(keyed, KEY)).toBe("opened");
    expect(await refusal(plain, null)).toBe("opened");
  });

  test("another device", async () => {
    const directory = temporaryDirectory();
    (await open(ALICE, "A", directory, KEY)).close();
    expect(await refusal(directory, KEY, "B")).toBe("ERR_STORE_OTHER_DEVICE");
    expect(await refusal(directory, KEY)).toBe("opened");
  });

  test("a damaged file", async () => {
    const directory = temporaryDirectory();
    writeFileSync(
      join(directory, STORE_FILE),
      "this is not a database, and long enough for a header ".repeat(100),
    );
    expect(await refusal(directory, KEY)).toBe("ERR_STORE_CORRUPT");

    const cut = temporaryDirectory();
    (await open(ALICE, "A", cut, KEY)).close();
    await expect.poll(() => existsSync(join(cut, `${STORE_FILE}-wal`))).toBe(false);
    truncateSync(join(cut, STORE_FILE), 8192);
    expect(await refusal(cut, KEY)).toBe("ERR_STORE_CORRUPT");
  });

  test("what a newer version wrote, be it of the file or of the engine's database", async () => {
    const [file, database] = [temporaryDirectory(), temporaryDirectory()];
    for (const directory of [file, database]) {
      const { close } = await openEngine({ userId: ALICE, deviceId: "A", directory, key: KEY });
      await close();
    }
    const sqlite = new DatabaseSync(join(file, STORE_FILE));
    sqlite.exec("PRAGMA user_version = 9999");
    sqlite.close();
    expect(await refusal(file, KEY)).toBe("ERR_STORE_NEWER");

    const opened = openIndexedDB(join(database, STORE_FILE));
    const upgrade = opened.indexedDB.open("crypto::matrix-sdk-crypto", 9999);
    await new Promise((resolve) => {
      upgrade.onsuccess = resolve;
    });
    opened.close();
    expect(await refusal(database, KEY)).toBe("ERR_STORE_NEWER");
  });

  test("a store type there is not", async () => {
    const { OlmMachine, DeviceId } = await import("../src/index.ts");
    await expect(
      OlmMachine.initialize(
        new UserId(ALICE),
        new DeviceId("A"),
        temporaryDirectory(),
        "",
        1 as unknown as StoreType,
      ),
    ).rejects.toThrow("store type");
    expect(StoreType.Sqlite).toBe(0);
  });
});

describe("close", () => {
  test("waits for what is under way, then refuses calls in words", async () => {
    const directory = temporaryDirectory();
    const engine = await openEngine({ userId: ALICE, deviceId: "A", directory, key: KEY });
    const { wasm } = await import("../src/engine.ts");
    const share = engine.machine.shareRoomKey(new wasm.RoomId("!a:b"), [], new wasm.EncryptionSettings());
    const closed = engine.close();
    expect(await share).toEqual([]);
    await closed;
    await engine.close();
    expect(() => engine.machine.identityKeys).toThrow(
      expect.objectContaining({ code: "ERR_MACHINE_CLOSED" }),
    );

    const machine = await open(ALICE, "A", directory, KEY);
    expect((await machine.roomKeyCounts()).total).toBe(1);
    machine.close();
    machine.close();
    expect(() => machine.userId).toThrow("closed");
    await expect(machine.outgoingRequests()).rejects.toMatchObject({ code: "ERR_MACHINE_CLOSED" });
  });
});
