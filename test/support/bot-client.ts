import type { EncryptedFile } from "matrix-bot-sdk";
import { type Logger, silentLogger } from "../../src/log.ts";
import { SottoClient } from "../../src/matrix/client.ts";
import { type ClearTypes, createRooms, createSendGate, createTransport } from "../../src/matrix/index.ts";
import { parseSync } from "../../src/matrix/sync.ts";
import type { DecryptedEvent } from "../../src/model/event.ts";
import type { RoomEncryptor } from "../../src/model/ports.ts";
import { type Answer, type Seen, scriptedServer } from "../matrix/scripted-server.ts";

export const SELF = "@voice:b";
export const ROOM = "!room";
export const NOTHING: ClearTypes = { reactions: false, redactions: false, state: false };

/** Encrypts so that a test can see what would have been inside. */
export const encryptor: RoomEncryptor = {
  async encrypt(roomId, type, content) {
    const ciphertext = Buffer.from(JSON.stringify({ roomId, type, content }))
      .toString("base64")
      .replace(/=+$/, "");
    return {
      algorithm: "m.megolm.v1.aes-sha2",
      ciphertext,
      session_id: "S",
      sender_key: "K",
      device_id: "D",
    };
  },
};
export const inside = (seen: Seen | undefined) =>
  JSON.parse(Buffer.from(JSON.parse(seen?.body.toString() ?? "").ciphertext, "base64").toString());

export interface ClientSetup {
  clearTypes?: ClearTypes;
  logger?: Logger;
}

export async function withClient(
  script: (seen: Seen) => Answer,
  use: (client: SottoClient, requests: Seen[], sync: string[]) => Promise<void>,
  { clearTypes = NOTHING, logger = silentLogger }: ClientSetup = {},
): Promise<void> {
  await using server = await scriptedServer(script);
  const transport = createTransport({
    homeserver: server.url,
    accessToken: "secret",
    env: {},
    retryForMs: 0,
  });
  const sync: string[] = [];
  const client = new SottoClient({
    transport,
    gate: createSendGate(transport, clearTypes),
    userId: SELF,
    crypto: {
      deviceId: "SOTTO1",
      deviceEd25519: "ED",
      rooms: createRooms(transport, SELF),
      shareHistory: async () => undefined,
      encryptor,
      decrypt: async (_roomId, event) => decrypted(event.event_id, "m.room.message", { body: "clear" }),
      encryptMedia: async (clear) => ({ bytes: clear.toReversed(), file: FILE }),
      decryptMedia: async ({ url }) => Buffer.from(url),
    },
    sync: { start: async () => void sync.push("start"), stop: () => void sync.push("stop") },
    logger,
  });
  await use(client, server.requests, sync).finally(() => transport.close());
}

export const FILE: Omit<EncryptedFile, "url"> = {
  v: "v2",
  key: { kty: "oct", key_ops: [], alg: "A256CTR", k: "", ext: true },
  iv: "",
  hashes: { sha256: "" },
};

/** An account in one room, which accepts every event. */
export const homeserver = (seen: Seen): Answer => {
  if (seen.path.endsWith("/joined_rooms")) return { json: { joined_rooms: [ROOM] } };
  if (seen.path.endsWith("/state/m.room.encryption/")) return { json: { algorithm: "m.megolm.v1.aes-sha2" } };
  if (seen.path.includes("/account_data/"))
    return { status: 404, json: { errcode: "M_NOT_FOUND", error: "none" } };
  if (seen.method === "PUT") return { json: { event_id: "$sent" } };
  return { status: 404, json: { errcode: "M_UNRECOGNIZED", error: "what?" } };
};

export const event = (event_id: string, type: string, content: object = {}, more: object = {}) => ({
  event_id,
  type,
  sender: "@ops:b",
  origin_server_ts: 1,
  content,
  ...more,
});
export const member = (event_id: string, membership: string) =>
  event(event_id, "m.room.member", { membership }, { state_key: SELF });
export const decrypted = (
  eventId: string,
  type: string,
  content: Record<string, unknown>,
): DecryptedEvent => ({
  roomId: ROOM,
  eventId,
  sender: "@ops:b",
  senderDeviceId: "D",
  originServerTs: 1,
  type,
  content,
  sessionId: "S",
  trust: "signed",
});
export const timeline = (...events: object[]) =>
  parseSync({ next_batch: "s1", rooms: { join: { [ROOM]: { timeline: { events } } } } });
