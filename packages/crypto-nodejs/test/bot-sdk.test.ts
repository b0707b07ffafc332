/** matrix-bot-sdk 0.8.0, unmodified, on this package: against a fake homeserver. */
import { createRequire } from "node:module";
import { join } from "node:path";
import {
  EncryptedRoomEvent,
  LogLevel,
  LogService,
  MatrixClient,
  RustSdkAppserviceCryptoStorageProvider,
  RustSdkCryptoStorageProvider,
  SimpleFsStorageProvider,
} from "matrix-bot-sdk";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import type { OlmMachine } from "../src/index.ts";
import { HttpHomeserver } from "./support/http-homeserver.ts";
import { temporaryDirectory } from "./support/stores.ts";

/** The copy that matrix-bot-sdk has: the tests' own is transformed by the test runner. */
const { StoreType } = createRequire(import.meta.url)("@matrix-org/matrix-sdk-crypto-nodejs");
const ROOM = "!room:example.org";
const ALICE = "@alice:example.org";
const BOB = "@bob:example.org";

let server: HttpHomeserver;
let url: string;

beforeEach(async () => {
  LogService.setLevel(LogLevel.ERROR);
  server = new HttpHomeserver(ROOM);
  url = await server.listen();
});

afterEach(() => server.close());

async function client(user: string, device: string, directory = temporaryDirectory()): Promise<MatrixClient> {
  if (!server.members.includes(user)) server.members.push(user);
  const storage = new SimpleFsStorageProvider(join(directory, "bot.json"));
  const cryptoStore = new RustSdkCryptoStorageProvider(join(directory, "crypto"), StoreType.Sqlite);
  const client = new MatrixClient(url, `${user}/${device}`, storage, cryptoStore);
  await client.crypto.prepare([ROOM]);
  onTestFinished(() => machineOf(client).close());
  return client;
}

function machineOf({ crypto }: MatrixClient): OlmMachine {
  return (crypto as unknown as { engine: { machine: OlmMachine } }).engine.machine;
}

/** Hands the client its to-device messages, as its sync loop would. */
async function sync(client: MatrixClient): Promise<void> {
  const [user, device] = [await client.getUserId(), client.crypto.clientDeviceId];
  await client.crypto.updateSyncData(
    server.fake.takeInbox(user, device) as never,
    { signed_curve25519: 50 },
    [],
    [],
    [],
  );
}

test("sends encrypted messages that another bot reads, across restarts", async () => {
  const [aliceDirectory, bobDirectory] = [temporaryDirectory(), temporaryDirectory()];
  let alice = await client(ALICE, "A", aliceDirectory);
  let bob = await client(BOB, "B", bobDirectory);

  for (const body of ["first", "second"]) {
    await alice.sendText(ROOM, body);
    const event = server.sent.at(-1);
    expect(event).toMatchObject({ type: "m.room.encrypted", content: { algorithm: "m.megolm.v1.aes-sha2" } });
    await sync(bob);
    const clear = await bob.crypto.decryptRoomEvent(new EncryptedRoomEvent(event), ROOM);
    expect(clear.content).toMatchObject({ msgtype: "m.text", body });

    const identity = alice.crypto.clientDeviceEd25519;
    for (const bot of [alice, bob]) machineOf(bot).close();
    alice = await client(ALICE, "A", aliceDirectory);
    bob = await client(BOB, "B", bobDirectory);
    expect(alice.crypto.clientDeviceEd25519).toBe(identity);
  }
  expect(server.fake.calls.claim).toBe(1);
  expect(server.fake.calls.sendToDevice).toBe(1);
});

test("survives more messages at once than the room key has left", async () => {
  const alice = await client(ALICE, "A");
  const bodies = Array.from({ length: 120 }, (_, i) => `message ${i}`);
  const results = await Promise.allSettled(bodies.map((body) => alice.sendText(ROOM, body)));
  const refused = results.filter((result) => result.status === "rejected");
  for (const { reason } of refused) expect(reason).toMatchObject({ code: "ERR_ROOM_KEY_EXPIRED" });
  await alice.sendText(ROOM, "and one more");
  const indexes = server.sent.map(({ content }) => (content as { ciphertext: string }).ciphertext);
  expect(new Set(indexes).size).toBe(121 - refused.length);
});

test("encrypts and decrypts media", async () => {
  const alice = await client(ALICE, "A");
  const { buffer, file } = await alice.crypto.encryptMedia(Buffer.from("voice"));
  expect(buffer).not.toEqual(Buffer.from("voice"));
  const uri = await alice.uploadContent(buffer);
  expect(await alice.crypto.decryptMedia({ ...file, url: uri })).toEqual(Buffer.from("voice"));
});

test("signs objects", async () => {
  const alice = await client(ALICE, "A");
  const signatures = await alice.crypto.sign({ hello: "world" });
  expect(signatures[ALICE]?.["ed25519:A"]).toMatch(/^[A-Za-z0-9+/]{86}$/);
});

test("an appservice has one store for each user", async () => {
  const provider = new RustSdkAppserviceCryptoStorageProvider(temporaryDirectory(), StoreType.Sqlite);
  const clients = [ALICE, BOB].map(
    (user) => new MatrixClient(url, `${user}/AS`, undefined, provider.storageForUser(user)),
  );
  for (const { crypto } of clients) await crypto.prepare([ROOM]);
  for (const client of clients) onTestFinished(() => machineOf(client).close());
  expect(new Set(clients.map(({ crypto }) => crypto.clientDeviceEd25519)).size).toBe(2);
});
