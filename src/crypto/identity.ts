import { SottoError } from "../errors.ts";
import type { AccountData, KeyServer } from "../model/ports.ts";
import { type Machine, wasm } from "./engine.ts";
import type { RequestPump } from "./requests.ts";
import {
  CROSS_SIGNING_SECRETS,
  createSecretStorage,
  hasSecretStorage,
  openSecretStorage,
  type SecretStorage,
} from "./secret-storage.ts";

/**
 * The account's cross-signing identity. https://spec.matrix.org/v1.19/client-server-api/#cross-signing
 * Nothing here ever replaces an identity that exists.
 */
export interface IdentityStatus {
  /** The account has published cross-signing keys. */
  exists: boolean;
  /** The identity has signed this device: clients show no shield. */
  deviceSigned: boolean;
  /** The private keys are in this store. */
  privateKeysHere: boolean;
}

export interface IdentityTools {
  machine: Machine;
  pump: RequestPump;
  keyServer: KeyServer;
  accountData: AccountData;
}

/** Asks the homeserver, not the store's memory. */
export async function identityStatus({ machine, pump }: IdentityTools): Promise<IdentityStatus> {
  await queryOwnKeys(machine, pump);
  const identity = await machine.getIdentity(machine.userId);
  const keys = await machine.crossSigningStatus();
  return {
    exists: identity !== undefined,
    deviceSigned: identity instanceof wasm.OwnUserIdentity && (await identity.trustsOurOwnDevice()),
    privateKeysHere: keys.hasMaster && keys.hasSelfSigning && keys.hasUserSigning,
  };
}

/** Where the private keys of a new identity go: a new storage, or the one that a recovery key opens. */
export type RecoveryChoice =
  | { keepRecoveryKey(recoveryKey: string): Promise<void> }
  | { recoveryKey: string };

/**
 * Creates identity, secret storage and recovery key for an account that has none, and signs this device. A new
 * recovery key is handed out before anything is published, so that no identity exists without it. Called again after
 * it was cut off, it goes on with the same keys. Throws `IDENTITY_EXISTS` rather than replace secret storage.
 */
export async function createIdentity(tools: IdentityTools, choice: RecoveryChoice): Promise<void> {
  const { machine, pump, keyServer, accountData } = tools;
  const storage = await storageFor(accountData, choice);
  const requests = await machine.bootstrapCrossSigning(false);
  const keys = await machine.exportCrossSigningKeys();
  if (!keys?.masterKey || !keys.self_signing_key || !keys.userSigningKey) {
    throw new SottoError("INTERNAL", "the engine made no cross-signing keys");
  }
  await storage.put(CROSS_SIGNING_SECRETS.master, keys.masterKey);
  await storage.put(CROSS_SIGNING_SECRETS.selfSigning, keys.self_signing_key);
  await storage.put(CROSS_SIGNING_SECRETS.userSigning, keys.userSigningKey);
  await storage.publish();
  if (requests.uploadKeysRequest) await pump.send(requests.uploadKeysRequest);
  await keyServer.send({
    id: "",
    kind: "device-signing-upload",
    body: requests.uploadSigningKeysRequest.body,
  });
  await pump.send(requests.uploadSignaturesRequest);
  await queryOwnKeys(machine, pump);
}

async function storageFor(accountData: AccountData, choice: RecoveryChoice): Promise<SecretStorage> {
  if ("recoveryKey" in choice) return openSecretStorage(accountData, choice.recoveryKey);
  if (await hasSecretStorage(accountData)) {
    throw new SottoError("IDENTITY_EXISTS", "the account has secret storage, but no identity", {
      cure: "run `sotto init` again with the --recovery-key-file that opens it",
    });
  }
  const storage = createSecretStorage(accountData);
  await choice.keepRecoveryKey(storage.recoveryKey);
  return storage;
}

/** Signs this device with the identity that the account has, opened by its recovery key. */
export async function joinIdentity(tools: IdentityTools, recoveryKey: string): Promise<void> {
  const { machine, pump, accountData } = tools;
  await queryOwnKeys(machine, pump);
  const storage = await openSecretStorage(accountData, recoveryKey);
  const status = await machine.importCrossSigningKeys(
    await storage.get(CROSS_SIGNING_SECRETS.master),
    await storage.get(CROSS_SIGNING_SECRETS.selfSigning),
    await storage.get(CROSS_SIGNING_SECRETS.userSigning),
  );
  if (!status.hasMaster || !status.hasSelfSigning || !status.hasUserSigning) {
    throw new SottoError(
      "RECOVERY_KEY_WRONG",
      "the stored keys are not those of the identity the homeserver shows",
    );
  }
  const device = await machine.getDevice(machine.userId, machine.deviceId);
  if (!device) throw new SottoError("INTERNAL", "the homeserver does not know this device's keys");
  await pump.send(await device.verify());
  await queryOwnKeys(machine, pump);
}

async function queryOwnKeys(machine: Machine, pump: RequestPump): Promise<void> {
  await pump.drain();
  await machine.updateTrackedUsers([machine.userId]);
  await pump.send(machine.queryKeysForUsers([machine.userId]));
}
