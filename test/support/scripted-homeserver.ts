import { onTestFinished } from "vitest";
import { type Answer, type ScriptedServer, type Seen, scriptedServer } from "../matrix/scripted-server.ts";
import { member, OWN, ROOM, type state } from "./store.ts";

/** Answers to requests whose path holds a text; the first that fits counts. */
export type Script = [pathPart: string, answer: Answer][];

/**
 * A scripted peer for faults that a real homeserver cannot be made to show: it knows the account's one device and the
 * one room it has joined, and nothing else unless the script says so. That the real one agrees is shown by the
 * end-to-end suite.
 */
export async function scriptedHomeserver(script: Script = []): Promise<ScriptedServer> {
  let deviceKeys: { device_id?: string } = {};
  const accountData = new Map<string, unknown>();
  const server = await scriptedServer(({ method, path, body }) => {
    const scripted = script.find(([part]) => path.includes(part));
    if (scripted) return scripted[1];
    if (path.endsWith("/versions")) return { json: { versions: ["v1.11"] } };
    if (path.endsWith("/sync")) return { json: sync([]) };
    if (path.endsWith("/keys/upload")) {
      deviceKeys = JSON.parse(body.toString()).device_keys ?? deviceKeys;
      return { json: { one_time_key_counts: { signed_curve25519: 50 } } };
    }
    if (path.endsWith("/keys/query")) {
      return { json: { device_keys: { [OWN]: { [deviceKeys.device_id ?? ""]: deviceKeys } } } };
    }
    if (path.endsWith("/account/whoami")) return { json: { user_id: OWN, device_id: "SOTTO1" } };
    if (path.includes("/account_data/")) {
      if (method === "PUT") accountData.set(path, JSON.parse(body.toString()));
      if (accountData.has(path)) return { json: accountData.get(path) };
    }
    return { status: 404, json: { errcode: "M_NOT_FOUND" } };
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

/** A `/sync` answer with the one room, its own member and what else is its state. */
export const sync = (more: ReturnType<typeof state>[]) => ({
  next_batch: "s1",
  rooms: {
    join: { [ROOM]: { state: { events: [member(OWN, "join"), ...more] }, timeline: { events: [] } } },
  },
});

/** Requests that could bring something of a message to the homeserver. */
export const leaks = ({ requests }: ScriptedServer): Seen[] =>
  requests.filter(
    ({ path }) => /\/send\/|\/upload(?:$|\/)|\/sendToDevice\//.test(path) && !path.includes("/keys/"),
  );
