import { SottoError } from "../errors.ts";
import type { AccountData, IdentityProof, UploadIdentity } from "../model/ports.ts";
import { type Machine, wasm } from "./engine.ts";
import type { RequestPump } from "./requests.ts";
import { CROSS_SIGNING_SECRETS, type SecretStorage } from "./secret-storage.ts";

/**
 * The account's cross-signing identity. https://spec.matrix.org/v1.19/client-server-api/#cross-signing
 * Nothing here ever replaces an identity that exists: `identity-reset.ts` alone does that.
 */
export interface IdentityStatus {
  /** The account has published cross-signing keys. */
  exists: boolean;
  /** The identity has signed this device: clients show no shield. */
  deviceSigned: boolean;
  /** It took the place of one that this store knew, which nobody but its owner has a reason to do. */
  changed: boolean;
  /** The private keys are in this store. */
  privateKeysHere: boolean;
  /** The public master key that the homeserver shows, unpadded base64: what others verify. */
  masterKey: string | undefined;
}

export interface IdentityTools {
  machine: Machine;
  pump: RequestPump;
  uploadIdentity: UploadIdentity;
  accountData: AccountData;
}

/** Asks the homeserver, not the store's memory. Throws `IDENTITY_UNREADABLE`. */
export async function identityStatus({
  machine,
  pump,
}: Pick<IdentityTools, "machine" | "pump">): Promise<IdentityStatus> {
  await pump.drain();
  const exists = await queryOwnKeys(machine, pump);
  const identity = await machine.getIdentity(machine.userId);
  const keys = await machine.crossSigningStatus();
  return {
    exists,
    deviceSigned: exists && identity instanceof wasm.OwnUserIdentity && (await identity.trustsOurOwnDevice()),
    changed: exists && (identity?.hasVerificationViolation() ?? false),
    privateKeysHere: keys.hasMaster && keys.hasSelfSigning && keys.hasUserSigning,
    masterKey: exists && identity ? publicKey(identity.masterKey) : undefined,
  };
}

/**
 * Creates the identity of an account that has none and signs this device. The private keys are in the storage before
 * anything is published, so that no identity exists without its recovery key. Called again after it was cut off, it
 * goes on with the same keys. Throws `IDENTITY_EXISTS`, `IDENTITY_PROOF_NEEDED`, `LOGIN_FAILED`.
 */
export async function createIdentity(
  tools: IdentityTools,
  storage: SecretStorage,
  proof: Omit<IdentityProof, "replaces">,
): Promise<void> {
  const { machine, pump, uploadIdentity } = tools;
  const requests = await machine.bootstrapCrossSigning(false);
  await storeKeys(machine, (name, secret) => storage.put(name, secret));
  await storage.publish();
  if (requests.uploadKeysRequest) await pump.send(requests.uploadKeysRequest);
  await uploadIdentity(requests.uploadSigningKeysRequest.body, { ...proof, replaces: false });
  await pump.send(requests.uploadSignaturesRequest);
  await queryOwnKeys(machine, pump);
}

/** Takes the identity's keys out of the storage and signs this device. Throws `RECOVERY_KEY_WRONG`. */
export async function joinIdentity(tools: IdentityTools, storage: SecretStorage): Promise<void> {
  await tools.pump.drain();
  await importIdentity(tools, storage);
  await signDevice(tools);
}

/** Takes the identity's keys out of the storage. They must be those of the identity that the homeserver shows. */
export async function importIdentity(
  { machine, pump }: Pick<IdentityTools, "machine" | "pump">,
  storage: SecretStorage,
): Promise<void> {
  await queryOwnKeys(machine, pump);
  const master = await storage.get(CROSS_SIGNING_SECRETS.master);
  const selfSigning = await storage.get(CROSS_SIGNING_SECRETS.selfSigning);
  const userSigning = await storage.get(CROSS_SIGNING_SECRETS.userSigning);
  const status = await machine.importCrossSigningKeys(master, selfSigning, userSigning).catch((cause) => {
    if (OTHER_IDENTITY.test(String(cause))) throw otherIdentity(cause);
    throw cause;
  });
  if (!status.hasMaster || !status.hasSelfSigning || !status.hasUserSigning) throw otherIdentity(undefined);
}

/** How the engine says that a private key is not that of the public one; it has words for it and no code. */
const OTHER_IDENTITY = /doesn't match the public key/;

const otherIdentity = (cause: unknown): SottoError =>
  new SottoError("RECOVERY_KEY_WRONG", "the stored keys are not those of the identity the homeserver shows", {
    cause,
    cure: "secret storage is older than the identity: give the recovery key of the client that made the identity",
  });

/** Signs this device with the private keys that are here. */
export async function signDevice({ machine, pump }: IdentityTools): Promise<void> {
  const device = await machine.getDevice(machine.userId, machine.deviceId);
  if (!device) throw new SottoError("INTERNAL", "the homeserver does not know this device's keys");
  await pump.send(await device.verify());
  await queryOwnKeys(machine, pump);
}

/** Hands each private key to `write`. Throws `IDENTITY_NOT_READY` where one is not here. */
export async function storeKeys(
  machine: Machine,
  write: (name: string, secret: string) => Promise<void>,
): Promise<void> {
  const keys = await machine.exportCrossSigningKeys();
  if (!keys?.masterKey || !keys.self_signing_key || !keys.userSigningKey)
    throw new SottoError("IDENTITY_NOT_READY", "the identity's private keys are not in this store");
  await write(CROSS_SIGNING_SECRETS.master, keys.masterKey);
  await write(CROSS_SIGNING_SECRETS.selfSigning, keys.self_signing_key);
  await write(CROSS_SIGNING_SECRETS.userSigning, keys.userSigningKey);
}

/**
 * Whether the homeserver shows an identity: the engine also knows one that was made here and never got so far.
 *
 * The engine leaves out an identity that it cannot read (a padded key ID, a wrong signature), as other clients do. It
 * is there all the same, and nothing may be made in its place.
 */
async function queryOwnKeys(machine: Machine, pump: RequestPump): Promise<boolean> {
  await machine.updateTrackedUsers([machine.userId]);
  const answer = JSON.parse(await pump.send(machine.queryKeysForUsers([machine.userId]))) as {
    master_keys?: Record<string, unknown> | null;
  };
  const shown = answer.master_keys?.[machine.userId.toString()];
  if (shown === undefined) return false;
  if (await machine.getIdentity(machine.userId)) return true;
  throw new SottoError("IDENTITY_UNREADABLE", "the identity that the homeserver shows cannot be read", {
    cause: "a key is damaged, padded or not signed as the spec wants it",
  });
}

/** The one key of a cross-signing key's description in JSON. */
function publicKey(json: string): string | undefined {
  const { keys } = JSON.parse(json) as { keys: Record<string, string> };
  return Object.values(keys)[0];
}
