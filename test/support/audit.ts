import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Synapse } from "../../synapse-dev/synapse.ts";
import type { Bot } from "./bot.ts";
import { type ListedRecording, soundOf } from "./list.ts";
import { messageIndex, type RawEvent } from "./room-events.ts";
import type { Listener } from "./world.ts";

/** What is found where everything should have arrived. */
export interface Audit {
  /** For each room, the recordings in the order of the timeline, as the independent client has decrypted them. */
  heard: Record<string, string[]>;
  /** What is not a voice message that it can decrypt. */
  unreadable: string[];
  /** Session and index of every encrypted event of the bot, as the homeserver has them. */
  indices: string[];
  /** Files of sealed recordings, and rows of attachments, that nobody needs. */
  left: string[];
  /** How many messages the outbox has in each state. */
  states: Record<string, number>;
}

export interface AuditOptions {
  bot: Bot;
  listener: Listener;
  synapse: Synapse;
  recordings: readonly ListedRecording[];
  folder: string;
}

/** Looks at the rooms through the independent client and the homeserver, and at what lies on the disk. */
export async function audit({ bot, listener, synapse, recordings, folder }: AuditOptions): Promise<Audit> {
  const idOf = new Map(recordings.map(({ id, path }) => [soundOf(readFileSync(path)), id]));
  const found: Audit = { heard: {}, unreadable: [], indices: [], left: [], states: {} };
  const out = mkdtempSync(join(folder, "heard-"));
  for (const roomId of new Set(recordings.map(({ room }) => room))) {
    const { events } = await listener.request("history", { roomId, sender: bot.userId, out });
    found.heard[roomId] = events.map(
      ({ file }) => (file && idOf.get(soundOf(readFileSync(file)))) ?? "something else",
    );
    found.unreadable.push(
      ...events.filter(({ file }) => !file).map(({ kind, eventId }) => `${kind} ${eventId}`),
    );
    found.indices.push(...(await indicesOf(synapse, roomId, bot.userId, listener.session.accessToken)));
  }
  const spool = join(bot.data, "spool");
  found.left.push(...readdirSync(spool));
  const database = new DatabaseSync(join(bot.data, "sotto.sqlite"), { readOnly: true });
  try {
    found.left.push(
      ...database
        .prepare("SELECT DISTINCT txn_id FROM spool")
        .all()
        .map((row) => `attachment ${row.txn_id}`),
    );
    for (const row of database.prepare("SELECT state, COUNT(*) AS jobs FROM job GROUP BY state").all())
      found.states[row.state as string] = row.jobs as number;
  } finally {
    database.close();
  }
  return found;
}

async function indicesOf(
  synapse: Synapse,
  roomId: string,
  userId: string,
  accessToken: string,
): Promise<string[]> {
  const indices: string[] = [];
  for (let from: string | undefined = ""; from !== undefined; ) {
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/messages?dir=b&limit=100${from && `&from=${from}`}`;
    const page: { chunk: RawEvent[]; end?: string } = await synapse.request("GET", path, accessToken);
    for (const { type, sender, content } of page.chunk) {
      if (sender !== userId || type !== "m.room.encrypted") continue;
      indices.push(`${content.session_id} ${messageIndex(content.ciphertext as string)}`);
    }
    from = page.chunk.length === 0 ? undefined : page.end;
  }
  return indices;
}

/** The recordings of each room, in the order in which they were brought. */
export const expected = (recordings: readonly ListedRecording[]): Record<string, string[]> =>
  Object.fromEntries(
    [...Map.groupBy(recordings, ({ room }) => room)].map(([room, those]) => [
      room,
      those.map(({ id }) => id),
    ]),
  );
