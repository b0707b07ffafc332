import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Session, type Synapse, startSynapse } from "../../synapse-dev/synapse.ts";
import { addFakeUser } from "./fake-devices.ts";
import { encryption } from "./world.ts";

// Many rooms with many members in each, made through the real API. That takes Synapse longer than everything that is
// measured, so that it is kept under .dev/bench-audit and made once; what was cut off goes on where it was.

export const KEPT = path.join(import.meta.dirname, "../../.dev/bench-audit");
const DEVICES_PER_USER = 2;

export interface Size {
  rooms: number;
  members: number;
  /** Who the members are taken from. */
  users: number;
}

export interface AuditWorld {
  synapse: Synapse;
  folder: string;
  /** The account that audits, and is in every room. */
  auditor: Session & { password: string };
  rooms: string[];
  users: string[];
}

interface Made {
  admin?: Session;
  auditor?: Session & { password: string };
  rooms: string[];
  users: Session[];
}

export async function openAuditWorld(size: Size): Promise<AuditWorld> {
  const folder = path.join(KEPT, `${size.rooms}x${size.members}of${size.users}`);
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, "made.json");
  const made: Made = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { rooms: [], users: [] };
  const keep = (): void => {
    writeFileSync(`${file}.new`, JSON.stringify(made));
    renameSync(`${file}.new`, file);
  };
  const synapse = await startSynapse({ dir: path.join(folder, "synapse"), liftRateLimits: true });
  try {
    const password = "of-an-auditor-in-a-bench";
    made.admin ??= await synapse.registerUser(`admin${Date.now()}`, undefined, { admin: true });
    made.auditor ??= { ...(await synapse.registerUser(`auditor${Date.now()}`, password)), password };
    keep();
    while (made.users.length < size.users) {
      made.users.push(await addFakeUser(synapse, `user${Date.now()}`, DEVICES_PER_USER));
      keep();
    }
    while (made.rooms.length < size.rooms) {
      made.rooms.push(await newRoom(synapse, made.auditor, made.users, made.rooms.length, size.members));
      keep();
      if (made.rooms.length % 50 === 0) console.error(`${made.rooms.length} of ${size.rooms} rooms`);
    }
  } catch (thrown) {
    await synapse.stop();
    throw thrown;
  }
  const users = made.users.map(({ userId }) => userId);
  return { synapse, folder, auditor: made.auditor, rooms: made.rooms, users };
}

/** Encrypted, with the auditor and so many others; some messages were said in it. */
async function newRoom(
  synapse: Synapse,
  auditor: Session,
  users: readonly Session[],
  number: number,
  members: number,
): Promise<string> {
  const { room_id: roomId } = await synapse.request<{ room_id: string }>(
    "POST",
    "/_matrix/client/v3/createRoom",
    auditor.accessToken,
    // public while they come: an invitation each would be as much work again
    { preset: "public_chat", name: `Team ${number}`, initial_state: [encryption] },
  );
  const room = encodeURIComponent(roomId);
  for (let member = 0; member < members - 1; member += 1) {
    const { accessToken } = users[(number * 7 + member) % users.length]!;
    await synapse.request("POST", `/_matrix/client/v3/join/${room}`, accessToken, {});
  }
  const state = `/_matrix/client/v3/rooms/${room}/state/m.room.join_rules/`;
  await synapse.request("PUT", state, auditor.accessToken, { join_rule: "invite" });
  for (let message = 0; message < 5; message += 1)
    await synapse.request(
      "PUT",
      `/_matrix/client/v3/rooms/${room}/send/m.room.encrypted/${number}-${message}`,
      auditor.accessToken,
      { algorithm: "m.megolm.v1.aes-sha2", session_id: `session ${number}`, ciphertext: "A".repeat(800) },
    );
  return roomId;
}
