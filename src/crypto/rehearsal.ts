import type { RoomEvent } from "../model/event.ts";
import type { DeviceId, RoomId, UserId } from "../model/ids.ts";
import type { AccountData, BackupServer, KeyServer } from "../model/ports.ts";
import { createKeyBackup } from "./backup.ts";
import type { RestoreResult } from "./backup-sessions.ts";
import { engineDecrypt } from "./decrypt.ts";
import { wasm } from "./engine.ts";
import { importIdentity } from "./identity.ts";
import { RequestPump } from "./requests.ts";
import { openSecretStorage } from "./secret-storage.ts";
import type { RecoverySecret } from "./storage-key.ts";

/** A device that has nothing but what the homeserver has and the recovery key. It lives in memory. */
export interface Rehearsal {
  /** Throws what a real recovery would throw. */
  restore(secret: RecoverySecret): Promise<RestoreResult>;
  /** The decrypted content. Throws `MissingRoomKey` or `DECRYPT_FAILED`. */
  decrypt(roomId: RoomId, event: RoomEvent): Promise<Record<string, unknown>>;
  close(): void;
}

interface RehearsalOptions {
  userId: UserId;
  deviceId: DeviceId;
  keyServer: KeyServer;
  accountData: AccountData;
  backupServer: BackupServer;
}

/**
 * The device's own keys are never uploaded: nobody shares anything with it, no client warns of it, and nobody rotates a
 * room key when it goes.
 */
export async function rehearse(options: RehearsalOptions): Promise<Rehearsal> {
  const { userId, deviceId, keyServer, accountData, backupServer: server } = options;
  const machine = await wasm.OlmMachine.initialize(new wasm.UserId(userId), new wasm.DeviceId(deviceId));
  const pump = new RequestPump(machine, keyServer);
  return {
    async restore(secret) {
      const storage = await openSecretStorage(accountData, secret);
      await importIdentity({ machine, pump }, storage);
      const backup = createKeyBackup({ machine, pump, accountData, server });
      await backup.open(storage);
      return backup.restore();
    },
    async decrypt(roomId, event) {
      const { event: json } = await engineDecrypt(machine, roomId, event);
      return (JSON.parse(json) as { content: Record<string, unknown> }).content;
    },
    close: () => machine.close(),
  };
}
