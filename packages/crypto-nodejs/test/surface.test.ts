import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import * as surface from "../src/index.ts";

const exported = surface as unknown as Record<string, unknown>;

/** Class → its static members, then the members of its instances. As 0.6.6 has them. */
const CLASSES: Record<string, [statics: string, members: string]> = {
  Attachment: ["encrypt decrypt", ""],
  EncryptedAttachment: ["", "encryptedData mediaEncryptionInfo hasMediaEncryptionInfoBeenConsumed"],
  BackupDecryptionKey: ["createRandomKey fromBase64", "toBase64 megolmV1PublicKey decryptV1"],
  MegolmV1BackupKey: ["", "publicKeyBase64 algorithm"],
  RoomKeyCounts: ["", ""],
  BackupKeys: ["", ""],
  Device: ["", "isVerified isCrossSigningTrusted isCrossSignedByOwner"],
  EncryptionSettings: [
    "",
    "algorithm rotationPeriod rotationPeriodMessages historyVisibility sharingStrategy " +
      "onlyAllowTrustedDevices errorOnVerifiedUserProblem",
  ],
  ShieldState: ["", ""],
  UserId: ["", "localpart serverName isHistorical toString"],
  DeviceId: ["", "toString"],
  DeviceKeyId: ["", "algorithm deviceId toString"],
  DeviceKeyAlgorithm: ["", "name toString"],
  RoomId: ["", "toString"],
  ServerName: ["", "host port isIpLiteral"],
  OlmMachine: [
    "initialize",
    "userId deviceId identityKeys receiveSyncChanges outgoingRequests markRequestAsSent getMissingSessions " +
      "updateTrackedUsers shareRoomKey queryKeysForUsers encryptRoomEvent decryptRoomEvent crossSigningStatus " +
      "bootstrapCrossSigning sign saveBackupDecryptionKey getBackupKeys verifyBackup enableBackupV1 isBackupEnabled " +
      "disableBackup backupRoomKeys exportRoomKeysForSession roomKeyCounts close exportSecretsForSecretStorage " +
      "importSecretsFromSecretStorage getDevice",
  ],
  CrossSigningStatus: ["", "hasMaster hasSelfSigning hasUserSigning"],
  KeysUploadRequest: ["", "type"],
  KeysQueryRequest: ["", "type"],
  KeysClaimRequest: ["", "type"],
  ToDeviceRequest: ["", "type"],
  SignatureUploadRequest: ["", "type"],
  RoomMessageRequest: ["", "type"],
  KeysBackupRequest: ["", "type"],
  CrossSigningBootstrapRequests: ["", ""],
  DecryptedRoomEvent: [
    "",
    "sender senderDevice senderCurve25519Key senderClaimedEd25519Key forwardingCurve25519KeyChain shieldState",
  ],
  SecretStorageKey: [
    "createRandomKey createFromPassphrase fromAccountData",
    "toBase58 encrypt decrypt accountDataContent keyId eventType",
  ],
  SecretStorageItems: ["", ""],
  DeviceLists: ["", "isEmpty changed left"],
  Signatures: ["", "addSignature getSignature get clear isEmpty count asJSON"],
  Signature: ["", "ed25519 toBase64"],
  MaybeSignature: ["", "isValid isInvalid signature invalidSignatureSource"],
  SignatureVerification: ["", "deviceState userState trusted"],
  Ed25519PublicKey: ["", "length toBase64"],
  Ed25519Signature: ["", "toBase64"],
  Curve25519PublicKey: ["", "length toBase64"],
  IdentityKeys: ["", "ed25519 curve25519"],
  Versions: ["", ""],
};

const ENUMS: Record<string, Record<string, number>> = {
  EncryptionAlgorithm: { OlmV1Curve25519AesSha2: 0, MegolmV1AesSha2: 1 },
  CollectStrategy: {
    AllDevices: 0,
    ErrorOnVerifiedUserProblem: 1,
    IdentityBasedStrategy: 2,
    OnlyTrustedDevices: 3,
  },
  ShieldColor: { Red: 0, Grey: 1, None: 2 },
  ShieldStateCode: {
    AuthenticityNotGuaranteed: 0,
    UnknownDevice: 1,
    UnsignedDevice: 2,
    UnverifiedIdentity: 3,
    SentInClear: 4, // 0.4
    MismatchedSender: 4,
    VerificationViolation: 5,
    None: 6,
  },
  HistoryVisibility: { Invited: 0, Joined: 1, Shared: 2, WorldReadable: 3 },
  DeviceKeyAlgorithmName: { Ed25519: 0, Curve25519: 1, Unknown: 2 },
  StoreType: { Sqlite: 0 },
  RequestType: {
    KeysUpload: 0,
    KeysQuery: 1,
    KeysClaim: 2,
    ToDevice: 3,
    SignatureUpload: 4,
    RoomMessage: 5,
    KeysBackup: 6,
  },
  SignatureState: { Missing: 0, Invalid: 1, ValidButNotTrusted: 2, ValidAndTrusted: 3 },
};

/** What callers make themselves; everything else comes from the machine and refuses `new`. */
const EXAMPLES: Record<string, () => object> = {
  Attachment: () => new surface.Attachment(),
  EncryptedAttachment: () => surface.Attachment.encrypt(new Uint8Array(1)),
  EncryptionSettings: () => new surface.EncryptionSettings(),
  UserId: () => new surface.UserId("@a:b"),
  DeviceId: () => new surface.DeviceId("A"),
  DeviceKeyId: () => new surface.DeviceKeyId("ed25519:A"),
  RoomId: () => new surface.RoomId("!a:b"),
  ServerName: () => new surface.ServerName("a"),
  SecretStorageItems: () =>
    new surface.SecretStorageItems({ masterKey: "{}", userSigningKey: "{}", selfSigningKey: "{}" }),
  DeviceLists: () => new surface.DeviceLists(),
  Signatures: () => new surface.Signatures(),
  Ed25519Signature: () => new surface.Ed25519Signature("A".repeat(86)),
};

describe("the surface of 0.6.6", () => {
  test("is all there, with nothing beside it but the error class", () => {
    expect(Object.keys(exported).sort()).toEqual(
      [...Object.keys(CLASSES), ...Object.keys(ENUMS), "getVersions", "CryptoError"].sort(),
    );
  });

  test.each(Object.entries(CLASSES))("%s has its members", (name, [statics, members]) => {
    const type = exported[name] as { prototype: object };
    for (const member of statics.split(" ").filter(Boolean)) expect(type).toHaveProperty(member);
    const instance = EXAMPLES[name]?.() ?? type.prototype;
    for (const member of members.split(" ").filter(Boolean)) expect(member in instance, member).toBe(true);
  });

  test.each(Object.entries(ENUMS))("%s has its numbers", (name, values) => {
    expect(exported[name]).toEqual(values);
  });

  test.each(Object.keys(CLASSES).filter((name) => !EXAMPLES[name]))("new %s() throws", (name) => {
    expect(() => new (exported[name] as new () => object)()).toThrow(TypeError);
  });

  test("loads through require(), as matrix-bot-sdk does it", () => {
    const required = createRequire(import.meta.url)("@matrix-org/matrix-sdk-crypto-nodejs");
    expect(
      Object.keys(required)
        .filter((key) => key !== "__esModule")
        .sort(),
    ).toEqual(Object.keys(exported).sort());
  });

  test("knows the versions of its engine", () => {
    const versions = surface.getVersions();
    expect(versions).toBeInstanceOf(surface.Versions);
    expect(versions.vodozemac).toMatch(/^\d+\.\d+/);
    expect(versions.matrixSdkCrypto).toMatch(/^\d+\.\d+/);
  });
});
