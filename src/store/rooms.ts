import { ROTATION_DEFAULTS, type RoomEncryptionContent, type RoomEvent } from "../model/event.ts";
import type { EventId, RoomId, UserId } from "../model/ids.ts";
import type { RoomSync, SyncBatch } from "../model/sync.ts";
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
  /** Encryption settings that would allow more than the room's earlier ones; they change nothing. */
  weakened: { roomId: RoomId; eventId: EventId; sender: UserId }[];
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
  /** Rooms whose tombstone names this one. */
  replacedBy(roomId: RoomId): RoomId[];
  apply(batch: SyncBatch, ownUserId: UserId): RoomChanges;
}

/** History the spec shares with people who join later. */
const SHARED_VISIBILITY = new Set(["shared", "world_readable"]);
const isHere = (membership: string | undefined): boolean => membership === "join" || membership === "invite";

/** Members write what they like into an event: what is no word lets nobody in, and shares nothing. */
const wordOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const countOf = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;

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
  /**
   * Whoever has left is a stranger when they come again: it may be somebody else who lets them in. After we ourselves
   * were away everybody is. We stay known, so that no later share is taken for the room's first.
   */
  const forget = (roomId: RoomId, userId: UserId, own: UserId): void => {
    const whom = userId === own ? "user_id <> ?" : "user_id = ?";
    db.run(`DELETE FROM known_member WHERE room_id = ? AND ${whom}`, roomId, userId);
  };
  const applyMember = (
    { roomId, limited }: RoomSync,
    event: RoomEvent,
    changes: RoomChanges,
    own: UserId,
  ): void => {
    const userId = event.state_key ?? "";
    const row = db.get("SELECT membership FROM member WHERE room_id = ? AND user_id = ?", roomId, userId);
    const before = row?.membership as string | undefined;
    const membership = wordOf(event.content.membership) ?? "leave";
    // where events are missing, whoever is not simply new may have come and left in between
    if (limited && (membership !== "join" || before !== undefined)) changes.rotate.add(roomId);
    // nobody is invited who is in the room: they have left in between
    const wasInvitedAnew = before === "join" && membership === "invite";
    if (wasInvitedAnew || !isHere(membership) || (limited && before !== undefined))
      forget(roomId, userId, own);
    if (isHere(membership)) {
      if (before !== membership) changes.share.add(roomId);
      if (wasInvitedAnew) changes.rotate.add(roomId);
      db.run("INSERT OR REPLACE INTO member VALUES (?, ?, ?)", roomId, userId, membership);
    } else {
      // also when we never saw them come: between two batches they may have come, got a key and left. Who knocks stands
      // outside, and anyone may knock as often as they like
      if (membership !== "knock" || isHere(before)) changes.rotate.add(roomId);
      db.run("DELETE FROM member WHERE room_id = ? AND user_id = ?", roomId, userId);
    }
  };
  const applyEncryption = (roomId: RoomId, event: RoomEvent, changes: RoomChanges): void => {
    const before = get(roomId);
    const periodMs = countOf(event.content.rotation_period_ms) ?? ROTATION_DEFAULTS.periodMs;
    const messages = countOf(event.content.rotation_period_msgs) ?? ROTATION_DEFAULTS.messages;
    const isWeaker =
      before?.encryption !== undefined &&
      (event.content.algorithm !== before.encryption.algorithm ||
        periodMs > (before.rotationMs ?? ROTATION_DEFAULTS.periodMs) ||
        messages > (before.rotationMessages ?? ROTATION_DEFAULTS.messages));
    if (isWeaker) changes.weakened.push({ roomId, eventId: event.event_id, sender: event.sender });
    db.run(
      `UPDATE room SET encryption = COALESCE(encryption, ?1), rotation_ms = MIN(COALESCE(rotation_ms, ?2), ?2),
         rotation_msgs = MIN(COALESCE(rotation_msgs, ?3), ?3) WHERE room_id = ?4`,
      JSON.stringify(event.content),
      periodMs,
      messages,
      roomId,
    );
  };
  const applyState = (room: RoomSync, event: RoomEvent, changes: RoomChanges, own: UserId): void => {
    const { roomId } = room;
    if (event.state_key === undefined) return;
    if (event.type === "m.room.member") {
      applyMember(room, event, changes, own);
    } else if (event.state_key !== "") {
      return;
    } else if (event.type === "m.room.encryption") {
      applyEncryption(roomId, event, changes);
    } else if (event.type === "m.room.history_visibility") {
      const before = get(roomId)?.historyVisibility ?? "shared";
      const now = wordOf(event.content.history_visibility) ?? "joined";
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
    replacedBy: (roomId) =>
      db.all("SELECT room_id FROM room WHERE replacement = ?", roomId).map((row) => row.room_id as string),
    apply(batch, ownUserId) {
      const changes: RoomChanges = { rotate: new Set(), share: new Set(), weakened: [] };
      for (const room of batch.joined) {
        ensure(room.roomId, "join");
        for (const event of [...room.state, ...room.timeline]) applyState(room, event, changes, ownUserId);
        if (room.hasGap) changes.rotate.add(room.roomId);
      }
      for (const { roomId } of batch.invited) ensure(roomId, "invite");
      for (const room of batch.left) {
        db.run("UPDATE room SET membership = 'leave' WHERE room_id = ?", room.roomId);
        db.run("DELETE FROM member WHERE room_id = ? AND user_id = ?", room.roomId, ownUserId);
        forget(room.roomId, ownUserId, ownUserId);
        changes.rotate.add(room.roomId);
      }
      return changes;
    },
  };
}
