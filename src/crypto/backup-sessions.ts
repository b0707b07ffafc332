import type { RoomId } from "../model/ids.ts";
import type { BackedUpSessions } from "../model/ports.ts";
import { type Machine, wasm } from "./engine.ts";

/** What became of the sessions of a backup. */
export interface RestoreResult {
  /** In the backup. */
  total: number;
  /** Better than what was here, and taken. */
  imported: number;
  /** Could not be read: damaged, of another key, or no session at all. */
  damaged: number;
}

export interface BackupKey {
  decryptionKey: wasm.BackupDecryptionKey;
  version: string;
}

/** Sessions that are decrypted and imported at once; between two such steps, others have their turn. */
const STEP = 100;

/** Imports what can be read. One bad session stops none of the others. */
export async function importSessions(
  machine: Machine,
  key: BackupKey,
  sessions: BackedUpSessions,
  onProgress: (result: RestoreResult & { done: number }) => void | Promise<void> = () => undefined,
): Promise<RestoreResult> {
  const all = [...sessions].flatMap(([roomId, room]) =>
    [...room].map((session) => [roomId, ...session] as const),
  );
  const result: RestoreResult = { total: all.length, imported: 0, damaged: 0 };
  for (let at = 0; at < all.length; at += STEP) {
    const step = all.slice(at, at + STEP);
    const readable = new Map<RoomId, Map<string, unknown>>();
    for (const [roomId, sessionId, data] of step) {
      const session = decrypt(key.decryptionKey, data);
      if (session === undefined || !isRoomId(roomId)) result.damaged += 1;
      else readable.set(roomId, (readable.get(roomId) ?? new Map()).set(sessionId, session));
    }
    const { imported, failed } = await importStep(machine, readable, key.version);
    result.imported += imported;
    result.damaged += failed;
    await onProgress({ ...result, done: Math.min(at + STEP, all.length) });
    await new Promise((resolve) => setImmediate(resolve));
  }
  return result;
}

async function importStep(machine: Machine, rooms: Map<RoomId, Map<string, unknown>>, version: string) {
  if (rooms.size === 0) return { imported: 0, failed: 0 };
  const keys = new Map([...rooms].map(([roomId, sessions]) => [new wasm.RoomId(roomId), sessions]));
  let failed = 0;
  const onProgress = (_done: bigint, _total: bigint, failures: bigint): undefined => {
    failed = Number(failures);
  };
  const { importedCount } = await machine.importBackedUpRoomKeys(keys, onProgress, version);
  return { imported: importedCount, failed };
}

/** Undefined for what is damaged or of another key. The backup's MAC proves nothing of who made it. */
function decrypt(key: wasm.BackupDecryptionKey, data: unknown): unknown {
  const { ephemeral, mac, ciphertext } = Object(data) as Record<string, unknown>;
  if (typeof ephemeral !== "string" || typeof mac !== "string" || typeof ciphertext !== "string")
    return undefined;
  try {
    const session: unknown = JSON.parse(key.decryptV1(ephemeral, mac, ciphertext));
    return typeof session === "object" && session !== null ? session : undefined;
  } catch {
    return undefined;
  }
}

function isRoomId(roomId: RoomId): boolean {
  try {
    new wasm.RoomId(roomId).free();
    return true;
  } catch {
    return false;
  }
}
