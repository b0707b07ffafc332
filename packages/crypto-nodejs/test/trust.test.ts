import { describe, expect, test } from "vitest";
import {
  BackupDecryptionKey,
  DeviceId,
  DeviceKeyId,
  Ed25519Signature,
  EncryptionSettings,
  RequestType,
  SecretStorageKey,
  ShieldColor,
  ShieldStateCode,
  SignatureState,
  Signatures,
  UserId,
} from "../src/index.ts";
import { ALICE, BOB, message, ROOM, roomEvent, serverWith, shareRoomKey } from "./support/conversation.ts";
import { open } from "./support/stores.ts";

describe("shields", () => {
  /** What Bob decrypts of Alice, under the name of this sender. */
  async function fromAlice(sender: string) {
    const [alice, bob] = [await open(ALICE, "A"), await open(BOB, "B")];
    const server = await serverWith(alice, bob);
    await bob.updateTrackedUsers([new UserId(ALICE)]);
    await server.run(bob);
    await shareRoomKey(server, alice, ROOM, [BOB]);
    await server.sync(bob);
    return bob.decryptRoomEvent(roomEvent(sender, await message(alice, "hi")), ROOM);
  }

  test("an unsigned device of an unknown user, strict and lax", async () => {
    const event = await fromAlice(ALICE);
    const [strict, lax] = [event.shieldState(true), event.shieldState(false)];
    expect(strict).toMatchObject({ color: ShieldColor.Red, code: ShieldStateCode.UnverifiedIdentity });
    expect(lax).toMatchObject({ color: ShieldColor.Red, code: ShieldStateCode.UnsignedDevice });
    expect(lax?.message).toContain("not verified by its owner");
  });

  test("a sender that is not the session's owner is MismatchedSender, 4", async () => {
    const event = await fromAlice("@mallory:example.org");
    expect(event.shieldState(true)).toMatchObject({ color: ShieldColor.Red, code: 4 });
  });
});

describe("cross-signing", () => {
  test("is created, exported to secret storage, imported and signs the second device", async () => {
    const first = await open(ALICE, "FIRST");
    const server = await serverWith(first);
    const { uploadSigningKeysReq, uploadSignaturesReq, uploadKeysReq } =
      await first.bootstrapCrossSigning(true);
    expect(uploadKeysReq).toBeUndefined(); // the device keys are up already
    const keys = JSON.parse(uploadSigningKeysReq);
    expect(JSON.parse(uploadSignaturesReq.body).signed_keys[ALICE]).toHaveProperty("FIRST");
    server.masterKeys[ALICE] = keys.master_key;
    server.selfSigningKeys[ALICE] = keys.self_signing_key;
    server.userSigningKeys[ALICE] = keys.user_signing_key;

    const secretKey = SecretStorageKey.createRandomKey();
    const items = await first.exportSecretsForSecretStorage(secretKey);
    const second = await open(ALICE, "SECOND");
    await server.run(second);
    await server.send(second, second.queryKeysForUsers([new UserId(ALICE)]));
    const { body } = await second.importSecretsFromSecretStorage(secretKey, items);
    const { signatures } = JSON.parse(body).signed_keys[ALICE].SECOND;
    expect(Object.keys(signatures[ALICE])).toEqual(Object.keys(keys.self_signing_key.keys));
    expect(await second.crossSigningStatus()).toMatchObject({
      hasMaster: true,
      hasSelfSigning: true,
      hasUserSigning: true,
    });

    const published = server.devices[ALICE]?.SECOND?.keys as { signatures: Record<string, object> };
    Object.assign(published.signatures[ALICE] ?? {}, signatures[ALICE]);
    await server.send(second, second.queryKeysForUsers([new UserId(ALICE)]));
    const device = await second.getDevice(new UserId(ALICE), new DeviceId("SECOND"));
    expect([device?.isCrossSignedByOwner(), device?.isCrossSigningTrusted(), device?.isVerified()]).toEqual([
      true,
      true,
      true,
    ]);
    const other = await second.getDevice(new UserId(ALICE), new DeviceId("FIRST"));
    expect(other?.isVerified()).toBe(false);
    expect(await second.getDevice(new UserId(ALICE), new DeviceId("NONE"))).toBeNull();
  });

  test("cannot be exported where there is none", async () => {
    const alice = await open(ALICE, "A");
    await expect(
      alice.exportSecretsForSecretStorage(SecretStorageKey.createRandomKey()),
    ).rejects.toMatchObject({
      code: "ERR_SECRET_STORAGE",
    });
  });
});

describe("signatures", () => {
  test("of a message, by user and key", async () => {
    const alice = await open(ALICE, "A");
    const signatures = await alice.sign("{}");
    expect(signatures.count).toBe(1n);
    const { "ed25519:A": signature } = signatures.get(new UserId(ALICE)) ?? {};
    expect(signature).toMatchObject({ isValid: true, isInvalid: false, invalidSignatureSource: null });
    const base64 = signature?.signature?.toBase64();
    expect(signature?.signature?.ed25519?.toBase64()).toBe(base64);
    expect(signatures.getSignature(new UserId(ALICE), new DeviceKeyId("ed25519:A"))?.toBase64()).toBe(base64);
    expect(signatures.get(new UserId(BOB))).toBeNull();
    expect(JSON.parse(signatures.asJSON())).toEqual({ [ALICE]: { "ed25519:A": base64 } });
  });

  test("can be collected", () => {
    const signatures = new Signatures();
    const [user, key] = [new UserId(ALICE), new DeviceKeyId("ed25519:A")];
    const signature = new Ed25519Signature("A".repeat(86));
    expect(signatures.isEmpty).toBe(true);
    expect(signatures.addSignature(user, key, signature)).toBeNull();
    expect(signatures.addSignature(user, key, signature)?.isValid).toBe(true);
    expect(signatures.count).toBe(1n);
    signatures.clear();
    expect(signatures.isEmpty).toBe(true);
  });
});

describe("key backup", () => {
  test("signed by us is trusted, takes the keys, and they open again", async () => {
    const alice = await open(ALICE, "A");
    await alice.bootstrapCrossSigning(true);
    await alice.shareRoomKey(ROOM, [], new EncryptionSettings());
    const { session_id } = JSON.parse(await message(alice, "hello"));
    const key = BackupDecryptionKey.createRandomKey();
    const { publicKeyBase64: public_key, algorithm } = key.megolmV1PublicKey;
    const signatures = JSON.parse((await alice.sign(JSON.stringify({ public_key }))).asJSON());
    const state = await alice.verifyBackup(
      JSON.stringify({ algorithm, auth_data: { public_key, signatures } }),
    );
    expect([state.deviceState, state.userState, state.trusted()]).toEqual([
      SignatureState.ValidAndTrusted,
      SignatureState.ValidAndTrusted,
      true,
    ]);

    expect(await alice.isBackupEnabled()).toBe(false);
    await alice.enableBackupV1(public_key, "1");
    await alice.saveBackupDecryptionKey(key, "1");
    expect({ ...(await alice.getBackupKeys()) }).toEqual({
      decryptionKeyBase64: key.toBase64(),
      backupVersion: "1",
    });
    const request = await alice.backupRoomKeys();
    const { session_data } = JSON.parse(request?.body ?? "").rooms[ROOM.toString()].sessions[session_id];
    const backedUp = JSON.parse(
      key.decryptV1(session_data.ephemeral, session_data.mac, session_data.ciphertext),
    );
    const [exported] = JSON.parse(await alice.exportRoomKeysForSession(ROOM.toString(), session_id));
    expect(backedUp.session_key).toBe(exported.session_key);

    await alice.markRequestAsSent(request?.id ?? "", RequestType.KeysBackup, '{"etag":"1","count":1}');
    expect({ ...(await alice.roomKeyCounts()) }).toEqual({ total: 1, backedUp: 1 });
    expect(await alice.backupRoomKeys()).toBeNull();
    await alice.disableBackup();
    expect(await alice.isBackupEnabled()).toBe(false);
  });
});
