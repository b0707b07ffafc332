import { Method } from "matrix-js-sdk";
import { decodeRecoveryKey, deriveRecoveryKeyFromPassphrase } from "matrix-js-sdk/lib/crypto-api/index.js";
import type { Element } from "./element-client.ts";

interface ServerBackup {
  version: string;
  count: number;
  algorithm: string;
  auth_data: Record<string, unknown>;
}

export function recoveryCommands(element: Element) {
  /** As the server has it now; the SDK's own answer is a cached one. */
  async function serverBackup(): Promise<ServerBackup | undefined> {
    try {
      return await element.client.http.authedRequest<ServerBackup>(Method.Get, "/room_keys/version");
    } catch (error) {
      if ((error as { errcode?: string }).errcode === "M_NOT_FOUND") return undefined;
      throw error;
    }
  }

  async function backupStatus() {
    const { crypto } = element;
    const check = await crypto.checkKeyBackupAndEnable();
    return {
      version: check?.backupInfo.version ?? null,
      /** This device is backing up to it. */
      active: (await crypto.getActiveSessionBackupVersion()) !== null,
      /** A device or an identity that this device trusts has signed it. */
      trusted: check?.trustInfo.trusted ?? false,
      matchesDecryptionKey: check?.trustInfo.matchesDecryptionKey ?? false,
      keyOnDevice: (await crypto.getSessionBackupPrivateKey()) !== null,
      count: check?.backupInfo.count ?? 0,
    };
  }

  return {
    backupStatus,

    /** New secret storage with the cross-signing keys, and with a new key backup unless `backup` is false. */
    async createRecovery({ passphrase, backup = true }: { passphrase?: string; backup?: boolean }) {
      const { crypto } = element;
      const key = await crypto.createRecoveryKeyFromPassphrase(passphrase);
      await crypto.bootstrapSecretStorage({
        createSecretStorageKey: async () => key,
        setupNewSecretStorage: true,
        setupNewKeyBackup: backup,
      });
      return { recoveryKey: key.encodedPrivateKey! };
    },

    /** Keeps the key that opens the account's secret storage, after the storage's own check of it. */
    async unlock({ recoveryKey, passphrase }: { recoveryKey?: string; passphrase?: string }) {
      const { secretStorage } = element.client;
      const [keyId, info] = (await secretStorage.getKey()) ?? [];
      if (keyId === undefined || info === undefined) throw new Error("the account has no secret storage");
      const { salt, iterations, bits } = info.passphrase ?? {};
      if (recoveryKey === undefined && (salt === undefined || iterations === undefined))
        throw new Error("the account's secret storage has no passphrase");
      const key =
        recoveryKey === undefined
          ? await deriveRecoveryKeyFromPassphrase(passphrase!, salt!, iterations!, bits)
          : decodeRecoveryKey(recoveryKey);
      if (!(await secretStorage.checkKey(key, info)))
        throw new Error("this key does not open secret storage");
      element.secretStorageKey = [keyId, key];
      return { keyId };
    },

    secretStorageStatus: () => element.crypto.getSecretStorageStatus(),

    /** One secret of secret storage, in clear; null if there is none. */
    secret: async ({ name }: { name: string }) => ({
      secret: (await element.client.secretStorage.get(name)) ?? null,
    }),

    /** Takes the backup's key from secret storage; an error if it is not that of the backup. */
    async loadBackupKey() {
      await element.crypto.loadSessionBackupPrivateKeyFromSecretStorage();
      return await backupStatus();
    },

    restoreBackup: () => element.crypto.restoreKeyBackup(),

    /** Waits until the backup on the server holds that many room keys. */
    waitBackup: ({ count, timeoutMs }: { count: number; timeoutMs?: number }) =>
      element.until(
        async () => {
          const backup = await serverBackup();
          return backup !== undefined && backup.count >= count ? backup : undefined;
        },
        `backup of ${count} room keys`,
        timeoutMs,
      ),

    /** A new version of the backup under a new key, which goes to secret storage if that is unlocked. */
    async resetBackup() {
      await element.crypto.resetKeyBackup();
      return await backupStatus();
    },

    async deleteBackup({ version }: { version: string }) {
      await element.crypto.deleteKeyBackupVersion(version);
    },
  };
}
