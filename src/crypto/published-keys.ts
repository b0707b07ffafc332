import type { DeviceFacts, IdentityFacts } from "../model/facts.ts";
import type { DeviceId, UserId } from "../model/ids.ts";
import { keptText } from "../model/kept-text.ts";
import { isKey, isSigned, own } from "./signed-json.ts";

/** What a homeserver shows of a user, checked by nobody but us: it may have made all of it. */
export interface PublishedKeys {
  /** Null: it shows no identity. */
  identity: (Pick<IdentityFacts, "masterKey" | "isConsistent"> & { isSignedByUs: boolean }) | null;
  devices: DeviceFacts[];
}

/** Our own user-signing key, as this store knows it and not as the homeserver shows it. */
export interface OurSigner {
  userId: UserId;
  /** Unpadded base64. */
  userSigningKey: string;
}

const MAX_NAME = 255;

/**
 * One user's part of a `/keys/query` answer; undefined where there is none, or something else than devices in it. What is
 * malformed in a device is not signed.
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysquery
 */
export function readPublishedKeys(
  answer: unknown,
  userId: UserId,
  ours?: OurSigner,
): PublishedKeys | undefined {
  const devices = own(own(answer, "device_keys"), userId);
  if (!isObject(devices) || !Object.values(devices).every(isObject)) return undefined;
  const master = own(own(answer, "master_keys"), userId);
  const masterKey = identityKey(master, userId, "master");
  const selfSigning = own(own(answer, "self_signing_keys"), userId);
  const selfSigningKey = identityKey(selfSigning, userId, "self_signing");
  const isConsistent =
    masterKey !== undefined &&
    selfSigningKey !== undefined &&
    isSigned(selfSigning as object, userId, masterKey, masterKey);
  const signer = isConsistent ? selfSigningKey : undefined;
  return {
    identity:
      master === undefined || master === null
        ? null
        : {
            masterKey: masterKey ?? "",
            isConsistent,
            isSignedByUs:
              ours !== undefined &&
              masterKey !== undefined &&
              isSigned(master as object, ours.userId, ours.userSigningKey, ours.userSigningKey),
          },
    devices: Object.entries(devices)
      .map(([deviceId, device]) => readDevice(device, userId, deviceId, signer))
      .sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1)),
  };
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What proves who a user has verified: the parts of their identity, as a homeserver keeps them. */
export interface UserSigner {
  userId: UserId;
  /** Unpadded base64, known from elsewhere. */
  masterKey: string;
  userSigning: unknown;
}

/**
 * Whether one user's identity has signed the master key of another.
 * https://spec.matrix.org/v1.19/client-server-api/#cross-signing
 *
 * @param target the other's `master` key, and its public key as it is known from elsewhere
 * @param signature unpadded base64
 */
export function hasSigned(
  signer: UserSigner,
  target: { userId: UserId; masterKey: string; master: unknown },
  { keyId, signature }: { keyId: string; signature: string },
): boolean {
  const { userId, masterKey, userSigning } = signer;
  const key = identityKey(userSigning, userId, "user_signing");
  if (key === undefined || keyId !== `ed25519:${key}`) return false;
  if (!isSigned(userSigning as object, userId, masterKey, masterKey)) return false;
  if (identityKey(target.master, target.userId, "master") !== target.masterKey) return false;
  const signed = { ...(target.master as object), signatures: { [userId]: { [keyId]: signature } } };
  return isSigned(signed, userId, key, key);
}

/** The one key of an identity's part; undefined where it is not what the spec says. */
function identityKey(part: unknown, userId: UserId, usage: string): string | undefined {
  if (own(part, "user_id") !== userId) return undefined;
  const usages = own(part, "usage");
  if (!Array.isArray(usages) || !usages.includes(usage)) return undefined;
  const keys = own(part, "keys");
  const [[name, key] = [], more] = Object.entries(typeof keys === "object" && keys !== null ? keys : {});
  return more === undefined && isKey(key) && name === `ed25519:${key}` ? key : undefined;
}

function readDevice(
  device: unknown,
  userId: UserId,
  deviceId: DeviceId,
  selfSigningKey: string | undefined,
): DeviceFacts {
  const keys = own(device, "keys");
  const ed25519 = own(keys, `ed25519:${deviceId}`);
  const curve25519 = own(keys, `curve25519:${deviceId}`);
  const name = own(own(device, "unsigned"), "device_display_name");
  const isItsOwn = own(device, "user_id") === userId && own(device, "device_id") === deviceId;
  const isSelfSigned =
    isItsOwn && isKey(ed25519) && isKey(curve25519) && isSigned(device as object, userId, deviceId, ed25519);
  return {
    deviceId,
    ...(typeof name === "string" && { displayName: keptText(name, MAX_NAME) }),
    ...(isKey(ed25519) && isKey(curve25519) && { keys: { ed25519, curve25519 } }),
    isSelfSigned,
    isCrossSigned:
      isSelfSigned &&
      selfSigningKey !== undefined &&
      isSigned(device as object, userId, selfSigningKey, selfSigningKey),
    isDehydrated: own(device, "dehydrated") === true || own(device, "org.matrix.msc3814.dehydrated") === true,
  };
}
