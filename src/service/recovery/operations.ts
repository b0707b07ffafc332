import type { RecoverySecret, StorageChoice } from "../../crypto/index.ts";
import type { RoomId } from "../../model/ids.ts";
import type { Account } from "../account.ts";
import {
  bootstrapIdentity,
  identityAudience,
  type OwnerProof,
  reportIdentity,
  resetIdentity,
} from "../identity.ts";
import type { Call } from "../operations.ts";
import { drill } from "./drill.ts";
import type { DrillCredentials } from "./drill-device.ts";
import {
  type CreateOptions,
  createRecovery,
  deleteBackup,
  reportRecovery,
  restoreRecovery,
} from "./recovery.ts";

/** What a command says of a new recovery key: what lies already where it shall go, and a passphrase beside it. */
export interface NewKeyArguments {
  kept?: string;
  passphrase?: string;
}

/** How a command names secret storage: what opens it, or a new key, which it is then handed to keep. */
export type ChoiceArguments = { open: RecoverySecret } | { make: NewKeyArguments };

/** The command keeps a new recovery key, and the operation waits for that. */
function keeper({ emit }: Call, { kept, passphrase }: NewKeyArguments) {
  return {
    keep: (recoveryKey: string) => emit({ kind: "recovery-key", recoveryKey }),
    ...(kept === undefined ? {} : { kept }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

const choiceOf = (call: Call, choice: ChoiceArguments): StorageChoice =>
  "open" in choice ? choice.open : keeper(call, choice.make);

function proofOf({ args, emit, signal, closing }: Call): OwnerProof {
  const { password } = args as { password?: string };
  return {
    ...(password === undefined ? {} : { password }),
    onAccountPage: (url) => emit({ kind: "account-page", url }),
    signal: closing ? AbortSignal.any([signal, closing]) : signal,
  };
}

/** The operations of `sotto identity` and `sotto recovery`. */
export const RECOVERY_OPERATIONS = {
  "identity-status": (account: Account) => reportIdentity(account),

  async "identity-bootstrap"(account: Account, call: Call) {
    const { choice } = call.args as { choice?: ChoiceArguments };
    await account.sync.toLiveEnd();
    return bootstrapIdentity(account, {
      ...proofOf(call),
      ...(choice ? { choice: choiceOf(call, choice) } : {}),
    });
  },

  "identity-audience": async (account: Account) => {
    await account.sync.toLiveEnd();
    return identityAudience(account);
  },

  async "identity-reset"(account: Account, call: Call) {
    const { userId, make } = call.args as { userId: string; make: NewKeyArguments };
    return resetIdentity(account, userId, keeper(call, make), proofOf(call));
  },

  async "recovery-create"(account: Account, call: Call) {
    const { choice, ...options } = call.args as unknown as { choice: ChoiceArguments } & CreateOptions;
    return createRecovery(account, choiceOf(call, choice), options);
  },

  async "recovery-restore"(account: Account, { args, emit }: Call) {
    const { secret } = args as { secret: RecoverySecret };
    return restoreRecovery(account, secret, (progress) => emit({ kind: "progress", ...progress }));
  },

  "recovery-status": (account: Account) => reportRecovery(account),

  async "recovery-drill"(account: Account, { args }: Call) {
    return drill(account, args as { secret: RecoverySecret; credentials: DrillCredentials; roomId?: RoomId });
  },

  async "recovery-delete-backup"(account: Account, { args }: Call) {
    const { userId } = args as { userId: string };
    await deleteBackup(account, userId);
    return {};
  },
};
