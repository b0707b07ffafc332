import { EncryptionSettings, type OlmMachine, RoomId, UserId } from "../../src/index.ts";
import { FakeHomeserver } from "./homeserver.ts";

export const ALICE = "@alice:example.org";
export const BOB = "@bob:example.org";
export const ROOM = new RoomId("!room:example.org");

/** The encrypted content of a text message. */
export const message = (machine: OlmMachine, body: string): Promise<string> =>
  machine.encryptRoomEvent(ROOM, "m.room.message", JSON.stringify({ msgtype: "m.text", body }));

/** What a client does before it sends: track, query, claim, share. */
export async function shareRoomKey(
  server: FakeHomeserver,
  sender: OlmMachine,
  room: RoomId,
  users: string[],
  settings = new EncryptionSettings(),
): Promise<number> {
  const members = users.map((user) => new UserId(user));
  await sender.updateTrackedUsers(members);
  await server.run(sender);
  const claim = await sender.getMissingSessions(members);
  if (claim) await server.send(sender, claim);
  const requests = await sender.shareRoomKey(room, members, settings);
  for (const request of requests) await server.send(sender, request);
  return requests.length;
}

let events = 0;

/** The `m.room.encrypted` event that the server would make of the content. */
export function roomEvent(sender: string, content: string): string {
  return JSON.stringify({
    type: "m.room.encrypted",
    event_id: `$${++events}`,
    origin_server_ts: Date.now(),
    sender,
    content: JSON.parse(content),
  });
}

/** A server that knows the keys of the machines. */
export async function serverWith(...machines: OlmMachine[]): Promise<FakeHomeserver> {
  const server = new FakeHomeserver();
  for (const machine of machines) await server.run(machine);
  return server;
}
