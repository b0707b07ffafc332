import {
  type IdentityStatus,
  isKeeper,
  type RecoveryKeyKeeper,
  type SecretStorage,
  type StorageChoice,
} from "../crypto/index.ts";
import { SottoError, toSottoError } from "../errors.ts";
import { groupsOfFour } from "../model/fingerprint.ts";
import type { RoomId, UserId } from "../model/ids.ts";
import type { IdentityProof } from "../model/ports.ts";
import type { Account } from "./account.ts";

/** Who may be asked that the owner wants this, where the homeserver asks. */
export type OwnerProof = Omit<IdentityProof, "replaces">;

export interface BootstrapRequest extends OwnerProof {
  /** What opens the account's secret storage, or where the recovery key of a new one goes. */
  choice?: StorageChoice;
  /** Called before the first step whose outcome cannot do without this store. */
  mustStay?(): void;
}

/** What was done about the key backup. `off`: its owner does not want one. `refused`: it is somebody else's. */
export type BackupOutcome = "created" | "joined" | "off" | "refused" | "unchanged";

export interface BootstrapResult {
  identity: "created" | "joined" | "signed" | "already signed";
  backup: BackupOutcome;
}

/** What the homeserver shows of the identity, and what of it is here. */
export interface IdentityReport extends IdentityStatus {
  /** The master key in groups of four: what others compare. */
  fingerprint: string | undefined;
}

export async function reportIdentity({ crypto }: Account): Promise<IdentityReport> {
  const status = await crypto.identityStatus();
  return { ...status, fingerprint: status.masterKey && groupsOfFour(status.masterKey) };
}

/** Whom a new identity would be news to: everybody in our encrypted rooms holds the old one. */
export interface IdentityAudience {
  userId: UserId;
  rooms: { roomId: RoomId; members: number }[];
  /** Users besides ourselves, each counted once. */
  users: number;
}

export function identityAudience({ store, config }: Account): IdentityAudience {
  const { userId } = config.account;
  const rooms = store.rooms
    .joinedRoomIds()
    .filter((roomId) => store.rooms.get(roomId)?.encryption)
    .map((roomId) => ({ roomId, members: store.rooms.members(roomId, ["join", "invite"]).length }));
  const users = store.rooms.encryptedMembers().filter((member) => member !== userId).length;
  return { userId, rooms, users };
}

/**
 * Gives the account an identity where it has none, and has this device signed. An identity that is there is never
 * replaced. What was cut off is gone on with.
 *
 * @throws SottoError `IDENTITY_EXISTS` for one that nothing was given to open, `RECOVERY_KEY_WRONG`,
 *   `SECRET_STORAGE_*`, `IDENTITY_PROOF_NEEDED`
 */
export async function bootstrapIdentity(
  account: Account,
  request: BootstrapRequest,
): Promise<BootstrapResult> {
  const { crypto } = account;
  const { choice, mustStay, ...proof } = request;
  const status = await crypto.identityStatus();
  if (!status.exists) {
    if (!choice)
      throw new SottoError("USAGE", "the account has no identity, and a new one needs a recovery key", {
        cure: "say where the recovery key goes, with --recovery-key-out",
      });
    const storage = await crypto.storage(choice);
    mustStay?.();
    await crypto.createIdentity(storage, proof);
    return { identity: "created", backup: await settleBackup(account, storage) };
  }
  const storage = choice && (await openExisting(account, choice));
  if (status.privateKeysHere) {
    if (!status.deviceSigned) await crypto.signDevice();
    const backup = storage ? await settleBackup(account, storage) : "unchanged";
    return { identity: status.deviceSigned ? "already signed" : "signed", backup };
  }
  if (!storage) throw new SottoError("IDENTITY_EXISTS", "the account already has a cross-signing identity");
  await crypto.joinIdentity(storage);
  return { identity: "joined", backup: await settleBackup(account, storage) };
}

/** Undefined where a new recovery key was to be made: an account with an identity gets none here. */
async function openExisting({ crypto }: Account, choice: StorageChoice): Promise<SecretStorage | undefined> {
  if (!isKeeper(choice)) return crypto.storage(choice);
  if (choice.kept === undefined || (await crypto.storageStatus()).keyId === undefined) return undefined;
  // a run that was cut off has left the key there
  return crypto.storage(choice).catch((thrown) => {
    if (["SECRET_STORAGE_EXISTS", "FILE_EXISTS"].includes(toSottoError(thrown).code)) return undefined;
    throw thrown;
  });
}

/**
 * An account has a key backup unless its owner has switched it off. One that is not ours is reported and left alone.
 */
export async function settleBackup(account: Account, storage: SecretStorage): Promise<BackupOutcome> {
  const { crypto, logger } = account;
  try {
    if (await crypto.backup.isWanted()) return await crypto.backup.ensure(storage);
    await crypto.backup.open(storage);
    return "joined";
  } catch (thrown) {
    const { code, message } = toSottoError(thrown);
    if (code === "BACKUP_MISSING") return "off";
    if (code !== "BACKUP_UNTRUSTED") throw thrown;
    logger.warn("the key backup is left alone", { code, reason: message });
    return "refused";
  }
}

/**
 * Replaces the identity. Everybody who verified the old one sees a warning and must verify anew.
 *
 * @param userId - as the owner has typed it
 */
export async function resetIdentity(
  account: Account,
  userId: string,
  keeper: RecoveryKeyKeeper,
  proof: OwnerProof,
): Promise<{ identity: IdentityReport; backup: BackupOutcome }> {
  const { crypto, config } = account;
  if (userId !== config.account.userId) {
    throw new SottoError("USAGE", `"${userId}" is not the account whose identity this is`, {
      cure: `a reset needs the account's whole name, ${config.account.userId}`,
    });
  }
  const storage = await crypto.resetIdentity(keeper, proof);
  const backup = await settleBackup(account, storage);
  return { identity: await reportIdentity(account), backup };
}
