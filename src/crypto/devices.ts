import { SottoError } from "../errors.ts";
import { groupsOfFour } from "../model/fingerprint.ts";
import type { DeviceId, UserId } from "../model/ids.ts";
import { type Machine, wasm } from "./engine.ts";
import type { RequestPump } from "./requests.ts";

/** What is known of a user's keys. Keys are ed25519, unpadded base64. */
export interface UserKeys {
  userId: UserId;
  /** Undefined where the user has no cross-signing identity. */
  identity:
    | {
        masterKey: string;
        /** We have signed it after a person compared; or it is our own, and this device holds or has signed it. */
        verified: boolean;
        /** It is another one than we knew, or one that we had verified is so no more. */
        changed: boolean;
      }
    | undefined;
  devices: DeviceKeys[];
}

export interface DeviceKeys {
  deviceId: DeviceId;
  displayName: string | undefined;
  ed25519: string;
  /** The user's own identity has signed it. */
  signedByOwner: boolean;
  /** A person has compared its key on this machine. */
  locallyTrusted: boolean;
  /** Signed by an identity that we have verified. */
  verified: boolean;
  /** Lies on the homeserver and receives keys for devices to come (MSC3814). */
  dehydrated: boolean;
  /** Milliseconds since the epoch: when this store learned of it. */
  firstSeenMs: number;
}

/** What a fingerprint has verified. */
export type FingerprintMatch = { verified: "identity" } | { verified: "device"; deviceId: DeviceId };

/** Asks the homeserver for the users' keys, whatever the store has. */
export async function queryKeys(machine: Machine, pump: RequestPump, ...userIds: UserId[]): Promise<void> {
  const users = () => userIds.map((userId) => new wasm.UserId(userId));
  // the engine's own query for a new user first: while one is due, it lets every look at that user wait for a second
  await machine.updateTrackedUsers(users());
  await pump.drain();
  await pump.send(machine.queryKeysForUsers(users()));
}

/** Throws `USER_UNKNOWN` where the homeserver knows no keys of that user. */
export async function keysOf(machine: Machine, pump: RequestPump, userId: UserId): Promise<UserKeys> {
  await queryKeys(machine, pump, userId);
  const identity = await machine.getIdentity(new wasm.UserId(userId));
  const devices = (await machine.getUserDevices(new wasm.UserId(userId))).devices();
  if (!identity && devices.length === 0) {
    throw new SottoError("USER_UNKNOWN", `the homeserver knows no keys of ${userId}`);
  }
  return {
    userId,
    identity: identity && {
      masterKey: masterKeyOf(identity),
      verified: identity.isVerified(),
      changed:
        identity.hasVerificationViolation() ||
        (identity instanceof wasm.OtherUserIdentity && identity.identityNeedsUserApproval()),
    },
    devices: devices
      .map((device) => ({
        deviceId: device.deviceId.toString(),
        displayName: device.displayName,
        ed25519: device.ed25519Key?.toBase64() ?? "",
        signedByOwner: device.isCrossSignedByOwner(),
        locallyTrusted: device.isLocallyTrusted(),
        verified: device.isCrossSigningTrusted(),
        dehydrated: device.isDehydrated,
        firstSeenMs: Number(device.firstTimeSeen()),
      }))
      .sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1)),
  };
}

/**
 * Takes a key that was compared out of band. Only the master key verifies the identity; a device's own key says
 * nothing of the identity, which a server could have put over a true device, and gives that device local trust.
 *
 * @param key unpadded base64
 * @throws SottoError `FINGERPRINT_MISMATCH`, `USER_UNKNOWN`, `IDENTITY_NOT_READY`
 */
export async function verifyFingerprint(
  machine: Machine,
  pump: RequestPump,
  { userId, deviceId, key }: { userId: UserId; deviceId?: DeviceId | undefined; key: string },
): Promise<FingerprintMatch> {
  const { identity, devices } = await keysOf(machine, pump, userId);
  if (deviceId === undefined && identity?.masterKey === key) {
    await verifyIdentity(machine, pump, userId, key);
    return { verified: "identity" };
  }
  const asked = deviceId === undefined ? devices : devices.filter((device) => device.deviceId === deviceId);
  const found = asked.find(({ ed25519 }) => ed25519 === key);
  const device =
    found && (await machine.getDevice(new wasm.UserId(userId), new wasm.DeviceId(found.deviceId)));
  if (!device) throw mismatch(userId, key, deviceId === undefined ? identity?.masterKey : asked[0]?.ed25519);
  await device.setLocalTrust(wasm.LocalTrust.Verified);
  return { verified: "device", deviceId: found.deviceId };
}

async function verifyIdentity(
  machine: Machine,
  pump: RequestPump,
  userId: UserId,
  key: string,
): Promise<void> {
  // our own must be sound first: what it signs is worth as much as it is
  await queryKeys(machine, pump, machine.userId.toString(), userId);
  const identity = await machine.getIdentity(new wasm.UserId(userId));
  // looked at again, in the very object that is signed
  if (!identity || masterKeyOf(identity) !== key)
    throw mismatch(userId, key, identity && masterKeyOf(identity));
  const { hasUserSigning } = await machine.crossSigningStatus();
  if (identity instanceof wasm.OtherUserIdentity && !hasUserSigning) {
    throw new SottoError("IDENTITY_NOT_READY", "the key that signs other users is not on this device");
  }
  await pump.send(await identity.verify());
  await queryKeys(machine, pump, userId);
  if (!(await machine.getIdentity(new wasm.UserId(userId)))?.isVerified()) {
    throw new SottoError("IDENTITY_NOT_READY", `the signature on the identity of ${userId} does not hold`);
  }
}

/** The key of `m.cross_signing.master`, out of the JSON that the engine gives. */
function masterKeyOf(identity: { masterKey?: string }): string {
  const { keys = {} } = JSON.parse(identity.masterKey ?? "{}") as { keys?: Record<string, string> };
  return Object.values(keys)[0] ?? "";
}

function mismatch(userId: UserId, given: string, shown: string | undefined): SottoError {
  const known = shown ?? "none";
  return new SottoError(
    "FINGERPRINT_MISMATCH",
    `given: ${groupsOfFour(given)}; the homeserver shows for ${userId}: ${groupsOfFour(known)}`,
  );
}
