import { describe, expect, test } from "vitest";
import {
  CollectStrategy,
  CryptoError,
  DeviceLists,
  EncryptionSettings,
  HistoryVisibility,
  RequestType,
  UserId,
} from "../src/index.ts";
import { ALICE, BOB, message, ROOM, roomEvent, serverWith, shareRoomKey } from "./support/conversation.ts";
import { KEY, open, temporaryDirectory } from "./support/stores.ts";

describe.each(["in memory", "with a store"])("two machines, %s", (where) => {
  const directory = () => (where === "in memory" ? undefined : temporaryDirectory());

  test("talk: upload, query, claim, share, encrypt, decrypt", async () => {
    const alice = await open(ALICE, "A", directory(), KEY);
    const bob = await open(BOB, "B", directory(), KEY);
    const server = await serverWith(alice, bob);

    expect(await shareRoomKey(server, alice, ROOM, [ALICE, BOB])).toBe(1);
    const [events, keys] = JSON.parse(await server.sync(bob));
    expect(events).toMatchObject([
      { type: "m.room_key", sender: ALICE, content: { room_id: ROOM.toString() } },
    ]);

    const content = await message(alice, "hello");
    const { session_id, algorithm } = JSON.parse(content);
    expect(keys).toEqual([
      {
        algorithm,
        room_id: ROOM.toString(),
        sender_key: alice.identityKeys.curve25519.toBase64(),
        session_id,
      },
    ]);

    const decrypted = await bob.decryptRoomEvent(roomEvent(ALICE, content), ROOM);
    expect(JSON.parse(decrypted.event)).toMatchObject({ type: "m.room.message", content: { body: "hello" } });
    expect(decrypted.sender?.toString()).toBe(ALICE);
    expect(decrypted.senderDevice?.toString()).toBe("A");
    expect(decrypted.senderCurve25519Key).toBe(alice.identityKeys.curve25519.toBase64());
    expect(decrypted.senderClaimedEd25519Key).toBe(alice.identityKeys.ed25519.toBase64());
    expect(decrypted.forwardingCurve25519KeyChain).toEqual([]);
  });
});

describe("requests", () => {
  test("a to-device body has messages, and the names that matrix-bot-sdk looks for there", async () => {
    const [alice, bob] = [await open(ALICE, "A"), await open(BOB, "B")];
    const server = await serverWith(alice, bob);
    await alice.updateTrackedUsers([new UserId(BOB)]);
    await server.run(alice);
    const claim = await alice.getMissingSessions([new UserId(BOB)]);
    expect(claim?.type).toBe(RequestType.KeysClaim);
    expect(JSON.parse(claim?.body ?? "").one_time_keys).toEqual({ [BOB]: { B: "signed_curve25519" } });
    if (claim) await server.send(alice, claim);

    const [request] = await alice.shareRoomKey(ROOM, [new UserId(BOB)], new EncryptionSettings());
    const { messages, event_type, txn_id } = JSON.parse(request?.body ?? "");
    expect(Object.keys(messages[BOB])).toEqual(["B"]);
    expect(event_type).toBe("m.room.encrypted");
    expect(request).toMatchObject({ eventType: event_type, txnId: txn_id, type: RequestType.ToDevice });
  });

  test("lists of users can be used again, unlike the engine's", async () => {
    const alice = await open(ALICE, "A");
    const server = await serverWith(alice);
    const users = [new UserId(BOB)];
    for (let i = 0; i < 2; i++) {
      await alice.updateTrackedUsers(users);
      await server.run(alice); // with a key query outstanding, the next call would wait for its answer
      await alice.getMissingSessions(users);
      await alice.shareRoomKey(ROOM, users, new EncryptionSettings());
      expect(alice.queryKeysForUsers(users).body).toBe(JSON.stringify({ device_keys: { [BOB]: [] } }));
    }
    expect(new DeviceLists(users).changed.map(String)).toEqual([BOB]);
    expect(await alice.getMissingSessions(null)).toBeNull();
  });
});

describe("errors are Errors", () => {
  test("an event without its key", async () => {
    const [alice, bob] = [await open(ALICE, "A"), await open(BOB, "B")];
    await alice.shareRoomKey(ROOM, [], new EncryptionSettings());
    const content = await message(alice, "not for bob");
    const error = await bob.decryptRoomEvent(roomEvent(ALICE, content), ROOM).catch((error) => error);
    expect(error).toBeInstanceOf(CryptoError);
    expect(error).toMatchObject({ code: "ERR_DECRYPTION", cause: { code: 0 } });
    expect(error.message).toContain("room key");
  });

  test("anything malformed", async () => {
    const alice = await open(ALICE, "A");
    const broken = [
      alice.receiveSyncChanges("{}", new DeviceLists(), {}, []),
      alice.markRequestAsSent("id", RequestType.KeysQuery, "nonsense"),
      alice.markRequestAsSent("id", 99 as RequestType, "{}"),
      alice.decryptRoomEvent("{}", ROOM),
      alice.verifyBackup("nonsense"),
      alice.updateTrackedUsers(["@not:a.user.id" as unknown as UserId]),
    ];
    for (const result of broken) await expect(result).rejects.toBeInstanceOf(Error);
    expect(() => new UserId("bob")).toThrow(Error);
    expect(() => new UserId(7 as unknown as string)).toThrow(TypeError);
  });
});

describe("the room key's limits", () => {
  test("a used-up key is an error, not a panic, and a share cures it", async () => {
    const alice = await open(ALICE, "A");
    const settings = new EncryptionSettings();
    settings.rotationPeriodMessages = 2n;
    await alice.shareRoomKey(ROOM, [], settings);
    const sessions = new Set<string>();
    const results = await Promise.allSettled(["one", "two", "three"].map((body) => message(alice, body)));
    for (const result of results)
      if (result.status === "fulfilled") sessions.add(JSON.parse(result.value).session_id);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    expect(results[2]).toMatchObject({ reason: { code: "ERR_ROOM_KEY_EXPIRED" } });

    await alice.shareRoomKey(ROOM, [], settings);
    sessions.add(JSON.parse(await message(alice, "three")).session_id);
    expect(sessions.size).toBe(2);
  });

  test("no key at all is an error too", async () => {
    await expect(message(await open(ALICE, "A"), "hello")).rejects.toMatchObject({
      code: "ERR_ROOM_KEY_MISSING",
    });
  });

  test("a tighter limit does not stop a session that the engine keeps", async () => {
    const alice = await open(ALICE, "A");
    await alice.shareRoomKey(ROOM, [], new EncryptionSettings());
    for (let i = 0; i < 5; i++) await message(alice, `${i}`);
    const tighter = new EncryptionSettings();
    tighter.rotationPeriodMessages = 2n;
    await alice.shareRoomKey(ROOM, [], tighter);
    await message(alice, "still");
    await message(alice, "going");
  });
});

describe("EncryptionSettings", () => {
  test("has the defaults of the native package, in microseconds", () => {
    expect({ ...new EncryptionSettings() }).toEqual({
      algorithm: 1,
      rotationPeriod: 604_800_000_000n,
      rotationPeriodMessages: 100n,
      historyVisibility: HistoryVisibility.Shared,
      sharingStrategy: CollectStrategy.AllDevices,
    });
  });

  test("still has 0.4's two switches", () => {
    const settings = new EncryptionSettings();
    settings.errorOnVerifiedUserProblem = true;
    expect(settings.sharingStrategy).toBe(CollectStrategy.ErrorOnVerifiedUserProblem);
    settings.onlyAllowTrustedDevices = true;
    expect(settings.sharingStrategy).toBe(CollectStrategy.OnlyTrustedDevices);
    settings.onlyAllowTrustedDevices = false;
    expect(settings.sharingStrategy).toBe(CollectStrategy.ErrorOnVerifiedUserProblem);
    settings.errorOnVerifiedUserProblem = false;
    expect(settings.sharingStrategy).toBe(CollectStrategy.AllDevices);
    expect([settings.onlyAllowTrustedDevices, settings.errorOnVerifiedUserProblem]).toEqual([false, false]);
  });

  test.each(Object.values(CollectStrategy))("strategy %i reaches the engine", async (strategy) => {
    const [alice, bob] = [await open(ALICE, "A"), await open(BOB, "B")];
    const server = await serverWith(alice, bob);
    const settings = new EncryptionSettings();
    settings.sharingStrategy = strategy;
    if (
      strategy === CollectStrategy.IdentityBasedStrategy ||
      strategy === CollectStrategy.OnlyTrustedDevices
    ) {
      await alice.bootstrapCrossSigning(true); // both need an identity of our own
    }
    await shareRoomKey(server, alice, ROOM, [BOB], settings);
    const [events] = JSON.parse(await server.sync(bob));
    const trusting =
      strategy === CollectStrategy.AllDevices || strategy === CollectStrategy.ErrorOnVerifiedUserProblem;
    expect(events.map(({ type }: { type: string }) => type)).toEqual([
      trusting ? "m.room_key" : "m.room_key.withheld",
    ]);
  });
});
