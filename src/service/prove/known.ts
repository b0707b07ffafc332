import type { ForeignDatabase } from "../../store/index.ts";
import { type NamedDatabase, openHomeserverDatabase } from "../homeserver-database.ts";
import type { SentCanary } from "./canary.ts";

/** Something that the homeserver knows of an encrypted canary. */
export interface Known {
  what: string;
  value: string;
}

/**
 * What Synapse's own tables say of the canary: encryption hides what was said, and none of this. Undefined where the
 * database is not Synapse's.
 */
export async function knownOf(named: NamedDatabase, canary: SentCanary): Promise<Known[] | undefined> {
  const database = await openHomeserverDatabase(named);
  try {
    return await knownIn(database, canary);
  } finally {
    await database.close();
  }
}

async function knownIn(
  database: ForeignDatabase,
  { eventId, mxcUri, sender }: SentCanary,
): Promise<Known[] | undefined> {
  const event = await database.get(
    "SELECT sender, room_id, type, origin_server_ts, json FROM events JOIN event_json USING (event_id, room_id) WHERE event_id = ?",
    eventId,
  );
  if (!event) return undefined;
  const { room_id: roomId } = event as { room_id: string };
  const content = contentOf(String(event.json));
  const media = await database.get(
    "SELECT media_length, media_type, upload_name, user_id, created_ts FROM local_media_repository WHERE media_id = ?",
    mxcUri.split("/").at(-1)!,
  );
  const ip = await database.get(
    "SELECT ip, user_agent FROM user_ips WHERE user_id = ? ORDER BY last_seen DESC LIMIT 1",
    sender,
  );
  const events = await database.get(
    "SELECT COUNT(*) AS count FROM events WHERE room_id = ? AND sender = ? AND type = 'm.room.encrypted'",
    ...[roomId, sender],
  );
  const name = await database.get("SELECT name, topic FROM room_stats_state WHERE room_id = ?", roomId);
  const members = await database.get(
    "SELECT COUNT(*) AS count FROM room_memberships JOIN current_state_events USING (event_id) WHERE room_memberships.room_id = ? AND room_memberships.membership = 'join'",
    roomId,
  );
  return known([
    ["sender", event.sender],
    ["their device", content.device_id],
    ["their IP address", ip?.ip],
    ["their program", ip?.user_agent],
    ["room", roomId],
    ["the room's name", name?.name],
    ["the room's topic", name?.topic],
    ["members of the room", members?.count],
    ["time of sending", time(event.origin_server_ts)],
    ["type of the event", event.type],
    ["session, which joins the messages under one key", content.session_id],
    [
      "characters of ciphertext",
      typeof content.ciphertext === "string" ? content.ciphertext.length : undefined,
    ],
    ["encrypted events of this sender in this room", events?.count],
    ["attachment", mxcUri],
    ["bytes of the attachment, which tell how long it is", media?.media_length],
    ["type that the attachment was uploaded with", media?.media_type],
    ["name that the attachment was uploaded with", media?.upload_name],
    ["who uploaded it", media?.user_id],
    ["time of the upload", time(media?.created_ts)],
  ]);
}

const known = (facts: readonly [what: string, value: unknown][]): Known[] =>
  facts.flatMap(([what, value]) =>
    value === undefined || value === null || value === "" ? [] : [{ what, value: String(value) }],
  );

const time = (ms: unknown): string | undefined =>
  typeof ms === "number" ? new Date(ms).toISOString() : undefined;

function contentOf(json: string): Record<string, unknown> {
  const event: unknown = JSON.parse(json);
  return ((event as { content?: Record<string, unknown> }).content ?? {}) as Record<string, unknown>;
}
