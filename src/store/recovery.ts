import type { EventId, RoomId } from "../model/ids.ts";
import type { Database } from "./database.ts";
import type { Meta } from "./meta.ts";

/** A rehearsal of recovery. */
export interface DrillRecord {
  startedMs: number;
  /** Undefined while it runs, or where it was cut off. */
  finishedMs: number | undefined;
  /** The throw-away device; undefined once it is deleted. */
  deviceId: string | undefined;
  /** The canary: the room and event whose recording was played. */
  roomId: RoomId | undefined;
  eventId: EventId | undefined;
  /** Why it failed; undefined where it went well, or has not ended. */
  errorCode: string | undefined;
}

/** What is remembered of recovery. Nothing in it is secret. */
export interface RecoveryStore {
  /** What the key of a secret storage in the making is known by. */
  pendingKey(): unknown;
  setPendingKey(key: unknown): void;
  /** The newest first. */
  lastDrill(): DrillRecord | undefined;
  /** The newest that went well. */
  lastGoodDrill(): DrillRecord | undefined;
  /** A device that a drill made, and that was not seen deleted. */
  leftDevice(): string | undefined;
  /** Before the device is made. Gives the drill's number. */
  beginDrill(startedMs: number, deviceId: string | undefined): number;
  drillDeviceGone(drill: number): void;
  endDrill(drill: number, end: Pick<DrillRecord, "finishedMs" | "roomId" | "eventId" | "errorCode">): void;
  /** It was none. */
  forgetDrill(drill: number): void;
  /** The room with nobody but us in it, where canaries go. */
  drillRoom(): RoomId | undefined;
  setDrillRoom(roomId: RoomId): void;
}

const PENDING = "pending recovery key";
const ROOM = "drill room";

export function createRecoveryStore(db: Database, meta: Meta): RecoveryStore {
  const drill = (where: string): DrillRecord | undefined => {
    const row = db.get(`SELECT * FROM drill ${where} ORDER BY drill_id DESC LIMIT 1`);
    return (
      row && {
        startedMs: row.started_ms as number,
        finishedMs: (row.finished_ms as number | null) ?? undefined,
        deviceId: (row.device_id as string | null) ?? undefined,
        roomId: (row.room_id as string | null) ?? undefined,
        eventId: (row.event_id as string | null) ?? undefined,
        errorCode: (row.error_code as string | null) ?? undefined,
      }
    );
  };
  return {
    pendingKey() {
      const json = meta.read(PENDING);
      return json === undefined ? undefined : JSON.parse(json);
    },
    setPendingKey: (key) => meta.write(PENDING, JSON.stringify(key)),
    lastDrill: () => drill(""),
    lastGoodDrill: () => drill("WHERE finished_ms IS NOT NULL AND error_code IS NULL"),
    leftDevice: () => drill("WHERE device_id IS NOT NULL")?.deviceId,
    beginDrill: (startedMs, deviceId) =>
      db.run("INSERT INTO drill (started_ms, device_id) VALUES (?, ?)", startedMs, deviceId ?? null),
    drillDeviceGone(id) {
      // an earlier drill's device is the same one, taken up again
      db.run(
        "UPDATE drill SET device_id = NULL WHERE device_id = (SELECT device_id FROM drill WHERE drill_id = ?)",
        id,
      );
    },
    endDrill(id, { finishedMs, roomId, eventId, errorCode }) {
      db.run(
        "UPDATE drill SET finished_ms = ?, room_id = ?, event_id = ?, error_code = ? WHERE drill_id = ?",
        finishedMs ?? null,
        roomId ?? null,
        eventId ?? null,
        errorCode ?? null,
        id,
      );
    },
    forgetDrill: (id) => void db.run("DELETE FROM drill WHERE drill_id = ?", id),
    drillRoom: () => meta.read(ROOM),
    setDrillRoom: (roomId) => meta.write(ROOM, roomId),
  };
}
