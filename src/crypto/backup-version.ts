import { SottoError } from "../errors.ts";
import type { BackupVersion } from "../model/ports.ts";
import { type Machine, wasm } from "./engine.ts";
import { isBase64 } from "./storage-key.ts";

/** https://spec.matrix.org/v1.19/client-server-api/#backup-algorithm-mmegolm_backupv1curve25519-aes-sha2 */
export const BACKUP_ALGORITHM = "m.megolm_backup.v1.curve25519-aes-sha2";

/**
 * Why a backup may be used. `our key`: its private key is ours, so only we can read it. `signed`: our identity or a
 * device of ours that it has signed made it. `refused`: anybody can have made it, the homeserver too.
 */
export type BackupTrust = "our key" | "signed" | "refused";

/** The public key of a backup; undefined where it is not of the algorithm that Sotto knows, or damaged. */
export function publicKeyOf({ algorithm, authData }: BackupVersion): string | undefined {
  const key = authData.public_key;
  if (algorithm !== BACKUP_ALGORITHM || !isBase64(key, 32)) return undefined;
  return key.replace(/=+$/, "");
}

export const publicPart = (privateKey: string): string =>
  wasm.BackupDecryptionKey.fromBase64(privateKey).megolmV1PublicKey.publicKeyBase64;

/** Asked before a key is uploaded: to whoever made the backup, it gives everything that is uploaded. */
export async function judgeBackup(machine: Machine, backup: BackupVersion): Promise<BackupTrust> {
  const publicKey = publicKeyOf(backup);
  if (publicKey === undefined) return "refused";
  const { decryptionKey } = await machine.getBackupKeys();
  if (decryptionKey?.megolmV1PublicKey.publicKeyBase64 === publicKey) return "our key";
  return (await verify(machine, backup))?.trusted() ? "signed" : "refused";
}

/** Whether the identity's master key itself has signed the backup's public key. */
export async function isSignedByIdentity(machine: Machine, backup: BackupVersion): Promise<boolean> {
  return (await verify(machine, backup))?.userState === wasm.SignatureState.ValidAndTrusted;
}

/** Undefined for what the engine cannot read, which nobody has signed. */
async function verify(machine: Machine, { algorithm, authData }: BackupVersion) {
  return machine.verifyBackup({ algorithm, auth_data: authData }).catch(() => undefined);
}

/** `auth_data` for a public key, signed by the master key and this device. */
export async function signedAuthData(machine: Machine, publicKey: string): Promise<Record<string, unknown>> {
  // the canonical JSON of an object with one member
  const signatures = await machine.sign(JSON.stringify({ public_key: publicKey }));
  return { public_key: publicKey, signatures: JSON.parse(signatures.asJSON()) };
}

/** Why a backup whose private key is not ours is left alone. */
export const refusal = (version: string, trust: BackupTrust): SottoError =>
  new SottoError(
    "BACKUP_UNTRUSTED",
    trust === "refused"
      ? `key backup ${version} is neither of our key nor signed by our identity`
      : `the private key of key backup ${version} is not in secret storage`,
  );
