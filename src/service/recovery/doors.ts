import type { RecoveryKeyKeeper, RecoverySecret, StorageChoice } from "../../crypto/index.ts";
import type { Account } from "../account.ts";
import {
  type BootstrapRequest,
  type BootstrapResult,
  bootstrapIdentity,
  type IdentityReport,
  type OwnerProof,
  reportIdentity,
  resetIdentity,
} from "../identity.ts";
import { type DrillRequest, type DrillResult, drill } from "./drill.ts";
import {
  type CreateOptions,
  type CreateResult,
  createRecovery,
  deleteBackup,
  type RecoveryReport,
  type RestoredRecovery,
  type RestoreProgress,
  reportRecovery,
  restoreRecovery,
} from "./recovery.ts";

/** `sotto.identity`: see the functions of the same names in `service/identity.ts`. */
export interface SottoIdentity {
  status(): Promise<IdentityReport>;
  bootstrap(request?: BootstrapRequest): Promise<BootstrapResult>;
  /**
   * Replaces the identity; everybody who verified it must verify anew.
   * @param userId the account's whole name, as its owner has typed it
   */
  reset(userId: string, keeper: RecoveryKeyKeeper, proof?: OwnerProof): Promise<void>;
}

/** `sotto.recovery`: see the functions of similar names in `service/recovery/`. */
export interface SottoRecovery {
  create(choice: StorageChoice, options?: CreateOptions): Promise<CreateResult>;
  restore(
    secret: RecoverySecret,
    onProgress?: (progress: RestoreProgress) => void | Promise<void>,
  ): Promise<RestoredRecovery>;
  status(): Promise<RecoveryReport>;
  drill(request: DrillRequest): Promise<DrillResult>;
  /** @param userId the account's whole name, as its owner has typed it */
  deleteBackup(userId: string): Promise<void>;
}

export const identityDoor = (account: Account): SottoIdentity => ({
  status: () => reportIdentity(account),
  async bootstrap(request = {}) {
    await account.sync.toLiveEnd();
    return bootstrapIdentity(account, request);
  },
  async reset(userId, keeper, proof = {}) {
    await resetIdentity(account, userId, keeper, proof);
  },
});

export const recoveryDoor = (account: Account): SottoRecovery => ({
  create: (choice, options) => createRecovery(account, choice, options),
  restore: (secret, onProgress) => restoreRecovery(account, secret, onProgress),
  status: () => reportRecovery(account),
  drill: (request) => drill(account, request),
  deleteBackup: (userId) => deleteBackup(account, userId),
});
