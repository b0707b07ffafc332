import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import {
  createAccountData,
  createContentRepository,
  createIdentityUpload,
  createKeyServer,
  createRooms,
  createSendGate,
  createTransport,
  discoverHomeserver,
  findOrCreateDirectRoom,
  login,
  logout,
  publishedDeviceKeys,
  type Rooms,
  type Session,
  syncBatches,
  syncOnce,
  type Transport,
  whoami,
} from "../../src/matrix/index.ts";

// What a real Synapse answers, for every door of src/matrix; faults it cannot show are scripted in test/matrix.

const { directUrl: homeserver, registrationSharedSecret } = inject("synapse");
const password = "a password for tests";
const megolm = JSON.stringify({
  algorithm: "m.megolm.v1.aes-sha2",
  ciphertext: "AwgAEnAC",
  session_id: "X3lU",
});

interface Account extends Session {
  transport: Transport;
  rooms: Rooms;
}
let alice: Account;
let bob: Account;

async function createAccount(name: string): Promise<Account> {
  const transport = createTransport({ homeserver });
  const { nonce } = await transport.request<{ nonce: string }>("GET", "/_synapse/admin/v1/register");
  const username = `${name}-${randomBytes(4).toString("hex")}`;
  const mac = createHmac("sha1", registrationSharedSecret)
    .update([nonce, username, password, "notadmin"].join("\0"))
    .digest("hex");
  const account = { nonce, username, password, admin: false, mac };
  const { user_id: userId } = await transport.request<{ user_id: string }>(
    "POST",
    "/_synapse/admin/v1/register",
    {
      body: { json: account },
    },
  );
  const session = await login(transport, { userId, password, deviceName: "Sotto test" });
  transport.setAccessToken(session.accessToken);
  return { ...session, transport, rooms: createRooms(transport, userId) };
}

async function createRoom(account: Account, room: object = {}): Promise<string> {
  const answer = await account.transport.request<{ room_id: string }>(
    "POST",
    "/_matrix/client/v3/createRoom",
    {
      body: { json: room },
    },
  );
  return answer.room_id;
}

const encrypted = {
  initial_state: [
    { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } },
  ],
};

beforeAll(async () => {
  alice = await createAccount("alice");
  bob = await createAccount("bob");
});

afterAll(() => {
  alice.transport.close();
  bob.transport.close();
});

test("its URL is discovered, and it tells whose token it is", async () => {
  expect((await discoverHomeserver(homeserver)).baseUrl).toBe(homeserver);
  expect(await whoami(alice.transport)).toEqual({ userId: alice.userId, deviceId: alice.deviceId });
  expect(await publishedDeviceKeys(alice.transport, alice.userId, alice.deviceId)).toBeUndefined();
});

test("a wrong password, an unknown user and a revoked token are errors with a code", async () => {
  const { transport, userId } = alice;
  for (const wrong of [
    { userId, password: "wrong" },
    { userId: "nobody", password },
  ]) {
    await expect(login(transport, { ...wrong, deviceName: "x" })).rejects.toMatchObject({
      code: "LOGIN_FAILED",
    });
  }
  const second = createTransport({ homeserver });
  const session = await login(second, { userId, password, deviceName: "x" });
  second.setAccessToken(session.accessToken);
  await logout(second);
  second.setAccessToken(session.accessToken);
  await expect(whoami(second)).rejects.toMatchObject({ code: "TOKEN_REJECTED" });
  second.close();
});

test("a login to the same device keeps the device", async () => {
  const { transport, userId, deviceId } = await createAccount("again");
  const again = await login(transport, { userId, password, deviceId, deviceName: "x" });
  expect(again.deviceId).toBe(deviceId);
  transport.close();
});

test.each(["11", "12"])(
  "room version %s: encryption, members and history are read, from inside only",
  async (room_version) => {
    const { rooms } = alice;
    const roomId = await createRoom(alice, { ...encrypted, room_version, invite: [bob.userId] });
    expect(await rooms.encryption(roomId)).toMatchObject({ kind: "encrypted" });
    expect(await rooms.historyVisibility(roomId)).toBe("shared");
    expect(await rooms.members(roomId)).toEqual(
      expect.arrayContaining([
        { userId: alice.userId, membership: "join" },
        { userId: bob.userId, membership: "invite" },
      ]),
    );
    await expect(bob.rooms.encryption(roomId)).rejects.toMatchObject({ code: "ROOM_NOT_JOINED" });
    await expect(bob.rooms.members(roomId)).rejects.toMatchObject({ code: "ROOM_NOT_JOINED" });
    expect(await bob.rooms.join(roomId)).toBe(roomId);
    expect(await bob.rooms.joinedRooms()).toContain(roomId);
    const leave = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/leave`;
    await bob.transport.request("POST", leave, { body: { json: {} } });
    await expect(bob.rooms.members(roomId)).rejects.toMatchObject({ code: "ROOM_NOT_JOINED" });
    await expect(bob.rooms.join(roomId)).rejects.toMatchObject({ code: "ROOM_FORBIDDEN" });
  },
);

test("state that a room does not have is told from state that could not be read", async () => {
  const roomId = await createRoom(alice, encrypted);
  expect(await alice.rooms.state(roomId, "m.room.topic")).toBeUndefined();
  await expect(bob.rooms.state(roomId, "m.room.topic")).rejects.toMatchObject({ code: "ROOM_NOT_JOINED" });
});

test("what is not there has a code", async () => {
  const { rooms } = alice;
  const nowhere = "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM";
  await expect(rooms.encryption(nowhere)).rejects.toMatchObject({ code: "ROOM_NOT_JOINED" });
  await expect(rooms.join(nowhere)).rejects.toMatchObject({ code: "ROOM_NOT_FOUND" });
  for (const alias of [`#nowhere:${alice.userId.split(":")[1]}`, "#nonsense"]) {
    await expect(rooms.resolveAlias(alias)).rejects.toMatchObject({ code: "ROOM_NOT_FOUND" });
  }
  expect(await createAccountData(alice.transport, alice.userId).get("org.example.none")).toBeUndefined();
});

test("the same transaction is one event, and what may not be sent is certainly not sent", async () => {
  const gate = createSendGate(alice.transport, { reactions: true, redactions: true, state: true });
  const roomId = await createRoom(alice, encrypted);
  const txnId = randomUUID();
  const eventId = await gate.putEncrypted(roomId, txnId, megolm);
  expect(await gate.putEncrypted(roomId, txnId, megolm)).toBe(eventId);
  const relation = { rel_type: "m.annotation", event_id: eventId, key: "👍" };
  expect(await gate.putClear(roomId, randomUUID(), "m.reaction", { "m.relates_to": relation })).toMatch(
    /^\$/,
  );
  expect(await gate.putState(roomId, "m.room.topic", "", { topic: "x" })).toMatch(/^\$/);
  expect(await gate.redact(roomId, randomUUID(), eventId, "done")).toMatch(/^\$/);

  const strange = createSendGate(bob.transport, { reactions: false, redactions: false, state: false });
  await expect(strange.putEncrypted(roomId, randomUUID(), megolm)).rejects.toMatchObject({
    code: "ROOM_FORBIDDEN",
  });
  const large = JSON.stringify({ ...JSON.parse(megolm), ciphertext: "A".repeat(70_000) });
  await expect(gate.putEncrypted(roomId, randomUUID(), large)).rejects.toMatchObject({
    code: "HOMESERVER_ERROR",
    cause: { errcode: "M_TOO_LARGE" },
  });
});

test("a direct chat is made once and found again; with nobody it is not made", async () => {
  const { transport, rooms, userId } = alice;
  const accountData = createAccountData(transport, userId);
  const options = {
    transport,
    rooms,
    accountData,
    userId,
    rotation: { periodMs: 604_800_000, messages: 100 },
  };
  const roomId = await findOrCreateDirectRoom(bob.userId, options);
  expect(await findOrCreateDirectRoom(bob.userId, options)).toBe(roomId);
  expect(await rooms.encryption(roomId)).toMatchObject({ content: { rotation_period_msgs: 100 } });
  expect(await accountData.get("m.direct")).toMatchObject({ [bob.userId]: [roomId] });
  const nobody = `@nobody-${randomUUID()}:${userId.split(":")[1]}`;
  await expect(findOrCreateDirectRoom(nobody, options)).rejects.toMatchObject({ code: "ROOM_NOT_FOUND" });
});

test("media come back as they went, within their limits", async () => {
  const repository = createContentRepository(alice.transport);
  const bytes = randomBytes(300_000);
  for (const body of [bytes, () => [bytes.subarray(0, 1), bytes.subarray(1)]]) {
    const mxcUri = await repository.upload(body, bytes.length);
    expect((await buffer(await repository.download(mxcUri, bytes.length))).equals(bytes)).toBe(true);
    await expect(repository.download(mxcUri, 1_000)).rejects.toMatchObject({ code: "ATTACHMENT_INVALID" });
  }
  const limit = (await repository.maxUploadBytes()) ?? 0;
  expect(limit).toBeGreaterThan(0);
  await expect(repository.upload(Buffer.alloc(limit + 1), limit + 1)).rejects.toMatchObject({
    code: "AUDIO_TOO_LARGE",
  });
  const serverName = alice.userId.split(":")[1];
  await expect(repository.download(`mxc://${serverName}/nothing`, 1_000)).rejects.toMatchObject({
    code: "ATTACHMENT_INVALID",
  });
});

test("the engine's requests are answered or refused with a reason", async () => {
  const { transport, userId } = await createAccount("keys");
  const keyServer = createKeyServer(transport);
  const send = (kind: Parameters<typeof keyServer.send>[0]["kind"], body: object) =>
    keyServer.send({ id: randomUUID(), kind, body: JSON.stringify(body) });
  const oneTimeKey = (key: string) => ({
    one_time_keys: { "signed_curve25519:AAAA": { key, signatures: {} } },
  });
  await send("keys-upload", oneTimeKey("one"));
  await send("keys-upload", oneTimeKey("one"));
  await expect(send("keys-upload", oneTimeKey("two"))).rejects.toMatchObject({ code: "STORE_DAMAGED" });
  expect(JSON.parse(await send("keys-query", { device_keys: { [bob.userId]: [] } }))).toHaveProperty(
    "device_keys",
  );
  const signature = { [bob.userId]: { NONE: { user_id: bob.userId, device_id: "NONE", signatures: {} } } };
  await expect(send("signatures-upload", signature)).rejects.toMatchObject({ code: "HOMESERVER_ERROR" });

  const identity = () => {
    const key = randomBytes(32).toString("base64").replace("=", "");
    return { master_key: { user_id: userId, usage: ["master"], keys: { [`ed25519:${key}`]: key } } };
  };
  const upload = createIdentityUpload(transport, userId);
  const first = JSON.stringify(identity());
  await upload(first, { replaces: false });
  await upload(first, { replaces: false }); // the answer may have been lost
  // also with the password: an identity that is there is never replaced unasked
  for (const proof of [{}, { password }]) {
    await expect(upload(JSON.stringify(identity()), { replaces: false, ...proof })).rejects.toMatchObject({
      code: "IDENTITY_EXISTS",
    });
  }
  transport.close();
});

test("a to-device message comes again until the next batch is asked for", async () => {
  const { transport, userId, deviceId } = await createAccount("inbox");
  const { nextBatch: since } = await syncOnce(transport, { since: undefined, timeoutMs: 0 });
  const messages = { [userId]: { [deviceId]: { hello: 1 } } };
  await createKeyServer(transport).send({
    id: "1",
    kind: "to-device",
    eventType: "org.example.test",
    txnId: randomUUID(),
    body: JSON.stringify({ messages }),
  });
  const inbox: number[] = [];
  for (const crash of [true, false]) {
    const stop = new AbortController();
    for await (const batch of syncBatches(transport, { since, signal: stop.signal })) {
      inbox.push(batch.toDevice.length);
      // the first reader dies before its work is durable
      if (crash) break;
      stop.abort();
    }
  }
  expect(inbox).toEqual([1, 1]);
  transport.close();
});
