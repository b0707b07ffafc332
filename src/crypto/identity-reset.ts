import { toSottoError } from "../errors.ts";
import type { IdentityProof } from "../model/ports.ts";
import type { RecoveryStore } from "../store/index.ts";
import { type IdentityTools, importIdentity, signDevice, storeKeys } from "./identity.ts";
import { newStorage, type RecoveryKeyKeeper } from "./new-storage.ts";
import { BACKUP_SECRET, CROSS_SIGNING_SECRETS, type SecretStorage } from "./secret-storage.ts";

/**
 * Replaces the account's identity by a new one, with a new secret storage and recovery key. Everybody who verified the
 * old one must verify anew. Only for an owner who was asked.
 *
 * Up to the upload the old identity and its recovery key stay as they are: the new keys lie beside them in the account
 * data, where only the new recovery key opens them. After the upload everything that is left can be done from there.
 */
export async function resetIdentity(
  tools: IdentityTools & { recovery: RecoveryStore },
  keeper: RecoveryKeyKeeper,
  proof: Omit<IdentityProof, "replaces">,
): Promise<SecretStorage> {
  const { machine, pump, uploadIdentity } = tools;
  await pump.drain();
  const storage = await newStorage(tools, keeper);
  if (!(await wasUploaded(tools, storage))) {
    const requests = await machine.bootstrapCrossSigning(true);
    await storeKeys(machine, (name, secret) => storage.add(name, secret));
    const backupKey = (await machine.getBackupKeys()).decryptionKey?.toBase64();
    if (backupKey !== undefined) await storage.add(BACKUP_SECRET, backupKey);
    await uploadIdentity(requests.uploadSigningKeysRequest.body, { ...proof, replaces: true });
    // while a person was asked, a key query may have told the engine of the old identity again, and it believes that
    await importIdentity(tools, storage);
  }
  await signDevice(tools);
  await storage.publish();
  await storeKeys(machine, (name, secret) => storage.put(name, secret));
  return storage;
}

/** A run that was cut off may have come as far as that. */
async function wasUploaded(tools: IdentityTools, storage: SecretStorage): Promise<boolean> {
  if ((await storage.find(CROSS_SIGNING_SECRETS.master)) === undefined) return false;
  try {
    await importIdentity(tools, storage);
    return true;
  } catch (thrown) {
    if (["RECOVERY_KEY_WRONG", "SECRET_STORAGE_MISSING"].includes(toSottoError(thrown).code)) return false;
    throw thrown;
  }
}
