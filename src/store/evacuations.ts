import type { Evacuation } from "../model/evacuation.ts";
import type { RoomId } from "../model/ids.ts";
import type { Database } from "./database.ts";
import type { Sealer } from "./seal.ts";

/** Evacuations that have begun and are not lifted, sealed. Every call is durable when it returns. */
export interface Evacuations {
  get(roomId: RoomId): Evacuation | undefined;
  set(roomId: RoomId, evacuation: Evacuation): void;
  end(roomId: RoomId): void;
}

export const createEvacuations = (db: Database, sealer: Sealer): Evacuations => ({
  get(roomId) {
    const row = db.get("SELECT sealed_evacuation FROM evacuation WHERE room_id = ?", roomId);
    return (
      row && (JSON.parse(sealer.open(row.sealed_evacuation as Uint8Array, placeOf(roomId))) as Evacuation)
    );
  },
  set: (roomId, evacuation) =>
    void db.run(
      "INSERT OR REPLACE INTO evacuation VALUES (?, ?)",
      roomId,
      sealer.seal(JSON.stringify(evacuation), placeOf(roomId)),
    ),
  end: (roomId) => void db.run("DELETE FROM evacuation WHERE room_id = ?", roomId),
});

const placeOf = (roomId: RoomId): string => `evacuation ${roomId}`;
