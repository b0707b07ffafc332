import {
  CROSS_SIGNING_SECRETS,
  defaultStorageKey,
  openSecretStorage,
  type RecoverySecret,
} from "../crypto/index.ts";
import { SottoError } from "../errors.ts";
import { createAccountData, hasPublishedIdentity, type Transport } from "../matrix/index.ts";
import type { UserId } from "../model/ids.ts";

/**
 * Finds out whether the account can be gone on with, with this recovery key or passphrase, or without one. It is asked
 * before the device's keys are uploaded: a device that has keys is bound to the one store that made them.
 *
 * @throws SottoError `IDENTITY_EXISTS`, `RECOVERY_KEY_WRONG`, `SECRET_STORAGE_MISSING`
 */
export async function requireFittingRecovery(
  transport: Transport,
  userId: UserId,
  secret: RecoverySecret | undefined,
): Promise<void> {
  const accountData = createAccountData(transport, userId);
  const exists = await hasPublishedIdentity(transport, userId);
  if (secret !== undefined) {
    const storage = await openSecretStorage(accountData, secret);
    if (exists) for (const name of Object.values(CROSS_SIGNING_SECRETS)) await storage.get(name);
    return;
  }
  if (exists) throw new SottoError("IDENTITY_EXISTS", "the account already has a cross-signing identity");
  if (await defaultStorageKey(accountData)) {
    throw new SottoError("IDENTITY_EXISTS", "the account has secret storage, but no identity", {
      cure: "run `sotto init` again with the --recovery-key-file that opens it",
    });
  }
}
