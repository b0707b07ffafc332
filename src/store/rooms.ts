import type { RoomEncryptionContent, RoomEvent } from "../model/event.ts";
import type { RoomId, UserId } from "../model/ids.ts";
import type { SyncBatch } from "../model/sync.ts";
import type { Database } from "./database.ts";

/** What Sotto knows of a room from sync. */
export interface RoomRecord {
  roomId: RoomId;
  membership: "join" | "invite" | "leave";
  /** The content as first seen; once here, the room counts as encrypted for ever. */
  encryption: RoomEncryptionContent | undefined;
  /** The shortest period and the smallest count that the room's state has ever named. */
  rotationMs: number | undefined;
  rotationMessages: number | undefined;
  historyVisibility: string;
  replacement: RoomId | undefined;
}

/** What a batch changed for the sharing of room keys. */
export interface RoomChanges {
  /** Someone who may hold the key left, or the history boundary moved: the session must not be used again. */
  rotate: Set<RoomId>;
  /** Someone came: the key must be shared before the next event. */
  share: Set<RoomId>;
}

/** Room state as `/sync` gives it. Its writers run inside the caller's transaction. */
export interface RoomStore {
  get(roomId: RoomId): RoomRecord | undefined;
  joinedRoomIds(): RoomId[];
  /** Users with one of the given memberships, sorted. */
  members(roomId: RoomId, memberships: readonly string[]): UserId[];
  roomsOf(userId: UserId): RoomId[];
  /** Everyone in an encrypted room that we are in. */
  encryptedMembers(): UserId[];
  apply(batch: SyncBatch, ownUserId: UserId): RoomChanges;
}

/** History the spec shares with people who join later. */
const SHARED_VISIBILITY = new Set(["shared", "world_readable"]);
const isHere = (membership: string | undefined): boolean => membership === "join" || membership === "invite";

export function createRoomStore(db: Database): RoomStore {
  const get = (roomId: RoomId): RoomRecord | undefined => {
    const row = db.get("SELECT * FROM room WHERE room_id = ?", roomId);
    if (!row) return undefined;
    return {
      roomId,
      membership: row.membership as RoomRecord["membership"],
      encryption: row.encryption ? JSON.parse(row.encryption as string) : undefined,
      rotationMs: (row.rotation_ms as number | null) ?? undefined,
      rotationMessages: (row.rotation_msgs as number | null) ?? undefined,
      historyVisibility: (row.history_visibility as string | null) ?? "shared",
      replacement: (row.replacement as string | null) ?? undefined,
    };
  };
  const ensure = (roomId: RoomId, membership: string): void => {
    db.run(
      "INSERT INTO room (room_id, membership) VALUES (?, ?) ON CONFLICT DO UPDATE SET membership = excluded.membership",
      roomId,
      membership,
    );
  };
  const applyMember = (roomId: RoomId, event: RoomEvent, changes: RoomChanges): void => {
    const userId = event.state_key ?? "";
    const before = db.get("SELECT membership FROM member WHERE room_id = ? AND user_id = ?", roomId, userId);
    const membership = String(event.content.membership);
    if (isHere(membership)) {
      if (!isHere(before?.membership as string | undefined) || before?.membership !== membership)
        changes.share.add(roomId);
      db.run("INSERT OR REPLACE INTO member VALUES (?, ?, ?)", roomId, userId, membership);
    } else {
      // also when we never saw them come: between two batches they may have come, got a key and left. Who knocks stands
      // outside, and anyone may knock as often as they like
      if (membership !== "knock" || isHere(before?.membership as string | undefined))
        changes.rotate.add(roomId);
      db.run("DELETE FROM member WHERE room_id = ? AND user_id = ?", roomId, userId);
    }
  };
  const applyState = (roomId: RoomId, event: RoomEvent, changes: RoomChanges): void => {
    if (event.state_key === undefined) return;
    if (event.type === "m.room.member") {
      applyMember(roomId, event, changes);
    } else if (event.state_key !== "") {
      return;
    } else if (event.type === "m.room.encryption") {
      const positive = (value: unknown) =>
        Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null;
      db.run(
        `UPDATE room SET encryption = COALESCE(encryption, ?),
           rotation_ms = MIN(COALESCE(rotation_ms, ?2), COALESCE(?2, rotation_ms)),
           rotation_msgs = MIN(COALESCE(rotation_msgs, ?3), COALESCE(?3, rotation_msgs)) WHERE room_id = ?4`,
        JSON.stringify(event.content),
        positive(event.content.rotation_period_ms),
        positive(event.content.rotation_period_msgs),
        roomId,
      );
    } else if (event.type === "m.room.history_visibility") {
      const before = get(roomId)?.historyVisibility ?? "shared";
      const now = String(event.content.history_visibility);
      if (SHARED_VISIBILITY.has(before) !== SHARED_VISIBILITY.has(now)) changes.rotate.add(roomId);
      if (before !== now) changes.share.add(roomId);
      db.run("UPDATE room SET history_visibility = ? WHERE room_id = ?", now, roomId);
    } else if (event.type === "m.room.tombstone") {
      const next = event.content.replacement_room;
      db.run(
        "UPDATE room SET replacement = ? WHERE room_id = ?",
        typeof next === "string" ? next : null,
        roomId,
      );
    }
  };
  return {
    get,
    joinedRoomIds: () =>
      db.all("SELECT room_id FROM room WHERE membership = 'join'").map((row) => row.room_id as string),
    members(roomId, memberships) {
      const rows = db.all(
        "SELECT user_id, membership FROM member WHERE room_id = ? ORDER BY user_id",
        roomId,
      );
      return rows
        .filter((row) => memberships.includes(row.membership as string))
        .map((row) => row.user_id as string);
    },
    roomsOf: (userId) =>
      db.all("SELECT room_id FROM member WHERE user_id = ?", userId).map((row) => row.room_id as string),
    encryptedMembers: () =>
      db
        .all(
          `SELECT DISTINCT user_id FROM member JOIN room USING (room_id)
             WHERE room.membership = 'join' AND room.encryption IS NOT NULL`,
        )
        .map((row) => row.user_id as string),
    apply(batch, ownUserId) {
      const changes: RoomChanges = { rotate: new Set(), share: new Set() };
      for (const room of batch.joined) {
        ensure(room.roomId, "join");
        for (const event of [...room.state, ...room.timeline]) applyState(room.roomId, event, changes);
      }
      for (const { roomId } of batch.invited) ensure(roomId, "invite");
      for (const room of batch.left) {
        db.run("UPDATE room SET membership = 'leave' WHERE room_id = ?", room.roomId);
        db.run("DELETE FROM member WHERE room_id = ? AND user_id = ?", room.roomId, ownUserId);
        changes.rotate.add(room.roomId);
      }
      return changes;
    },
  };
}
