import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { silentLogger } from "../../src/log.ts";
import { createRooms, createTransport } from "../../src/matrix/index.ts";
import type { Account } from "../../src/service/account.ts";
import type { Patience } from "../../src/service/audit/asking.ts";
import { type CollectOptions, collectFacts } from "../../src/service/audit/collect.ts";
import { type Answer, type Seen, scriptedServer } from "../matrix/scripted-server.ts";
import { ALICE, batch, event, joined, member, OWN, openTestStore, state } from "./store.ts";
import { temporaryDirectory } from "./temporary.ts";

// A homeserver that answers slowly, partly, or with nonsense, which a real one cannot be made to do. The engine is a
// stub. That the real one agrees is shown by test/e2e/audit-facts.test.ts.

/** Encrypted ones, each with us and Alice in it. */
export const ROOMS = ["!a:example.org", "!b:example.org", "!c:example.org"];
export const [FIRST, SECOND] = ROOMS as [string, string];

/** As the admin API gives it. */
export const listOfRooms = (rooms: object[]) => ({ rooms, total_rooms: rooms.length });

/** Everything that a sound homeserver would say. */
function sound({ method, path, body }: Seen): Answer {
  if (path.endsWith("/joined_rooms")) return { json: { joined_rooms: ROOMS } };
  if (path === "/_synapse/admin/v1/rooms")
    return { json: listOfRooms(ROOMS.map((room_id) => ({ room_id, public: false }))) };
  if (path.endsWith("/state")) {
    const events = [
      state("m.room.create", { room_version: "11" }),
      state("m.room.encryption", { algorithm: "m.megolm.v1.aes-sha2" }),
      member(OWN, "join"),
      member(ALICE, "join"),
    ];
    return { json: path.startsWith("/_synapse") ? { state: events } : events };
  }
  if (path.endsWith("/messages")) return { json: { chunk: [event("m.room.encrypted", {})] } };
  if (path.includes("/directory/list/room/")) return { json: { visibility: "private" } };
  if (path.endsWith("/media")) return { json: { local: [], remote: [] } };
  if (path.endsWith("/devices")) return { json: { devices: [] } };
  if (path.includes("/admin/v2/users/"))
    return { json: { name: decodeURIComponent(path.split("/").at(-1)!), creation_ts: 1, admin: false } };
  if (path.endsWith("/keys/query") && method === "POST") {
    const asked = Object.keys((JSON.parse(body.toString()) as { device_keys: object }).device_keys);
    return { json: { device_keys: Object.fromEntries(asked.map((userId) => [userId, {}])) } };
  }
  return { status: 404, json: { errcode: "M_NOT_FOUND" } };
}

/** An audit of a homeserver that is sound but for what is scripted; it repeats little. */
export async function auditOf(
  script: (seen: Seen) => Answer | undefined = () => undefined,
  more: object = {},
) {
  const server = await scriptedServer((seen) => script(seen) ?? sound(seen));
  const transport = createTransport({ homeserver: server.url, accessToken: "t", env: {} });
  onTestFinished(async () => {
    transport.close();
    await server[Symbol.asyncDispose]();
  });
  const store = openTestStore();
  for (const roomId of ROOMS) store.rooms.apply(batch({ joined: [joined([], { roomId })] }), OWN);
  const account = {
    ...{ transport, store, logger: silentLogger, rooms: createRooms(transport, OWN) },
    config: { homeserver: server.url, account: { userId: OWN, deviceId: "SOTTO1" } },
    sync: { toLiveEnd: async () => undefined, heard: async () => undefined },
    crypto: { rememberedIdentity: async () => undefined, ourSigner: async () => undefined },
    ...more,
  } as unknown as Account;
  const patience: Patience = { lanes: 8, answerMs: 20_000, retryForMs: 200, lostMs: 60_000 };
  const collect = (options: CollectOptions = {}, more: Partial<Patience> = {}) =>
    collectFacts(account, options, new AbortController().signal, { ...patience, ...more });
  return { ...{ store, collect, account }, requests: server.requests };
}

/** What was not read, by what it belongs to. */
export function unreadIn(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [];
  if ("unread" in value) return [`${path}: ${String(value.unread)}`];
  return Object.entries(value).flatMap(([name, part]) => unreadIn(part, `${path}/${name}`));
}
/** Besides what only an administrator is told, and what others collect. */
const EXPECTED = /^\/(?:homeserver|own)|clearMedia|account:|isVerifiedByUs|change/;
export const unread = async (facts: Promise<object>) =>
  unreadIn(await facts).filter((line) => !EXPECTED.test(line));

export const isState = ({ path }: Seen, roomId = FIRST) =>
  path.endsWith("/state") && path.includes(encodeURIComponent(roomId));

/** An administrator's token in a file. */
export function adminTokenFile(): string {
  const file = join(temporaryDirectory(), "token");
  writeFileSync(file, "admin-token");
  return file;
}
