/** The surface of @matrix-org/matrix-sdk-crypto-nodejs 0.6.6. What that one does not have is behind `./engine`. */
export { Attachment, EncryptedAttachment } from "./attachment.ts";
export { BackupDecryptionKey, BackupKeys, MegolmV1BackupKey, RoomKeyCounts } from "./backup.ts";
export { CrossSigningStatus, Device } from "./device.ts";
export { EncryptionSettings, ShieldState } from "./encryption.ts";
export {
  CollectStrategy,
  DeviceKeyAlgorithmName,
  EncryptionAlgorithm,
  HistoryVisibility,
  RequestType,
  ShieldColor,
  ShieldStateCode,
  SignatureState,
  StoreType,
} from "./enums.ts";
export { CryptoError, type CryptoErrorCode } from "./errors.ts";
export { DeviceId, DeviceKeyAlgorithm, DeviceKeyId, RoomId, ServerName, UserId } from "./identifiers.ts";
export { OlmMachine } from "./machine.ts";
export {
  CrossSigningBootstrapRequests,
  KeysBackupRequest,
  KeysClaimRequest,
  KeysQueryRequest,
  KeysUploadRequest,
  RoomMessageRequest,
  SignatureUploadRequest,
  ToDeviceRequest,
} from "./requests.ts";
export { DecryptedRoomEvent } from "./responses.ts";
export { SecretStorageItems, SecretStorageKey } from "./secret-storage.ts";
export { MaybeSignature, Signature, Signatures, SignatureVerification } from "./signatures.ts";
export { DeviceLists } from "./sync-events.ts";
export { getVersions, Versions } from "./versions.ts";
export { Curve25519PublicKey, Ed25519PublicKey, Ed25519Signature, IdentityKeys } from "./vodozemac.ts";
