import { wasm } from "@matrix-org/matrix-sdk-crypto-nodejs/engine";
import type { Session, Synapse } from "../../synapse-dev/synapse.ts";

/**
 * The engine's work for the first share to a room, in memory and with the homeserver's own answers: reading the key
 * query, claiming, encrypting. Gives processor milliseconds; the requests themselves are not counted.
 */
export async function shareInMemory(synapse: Synapse, session: Session, roomId: string): Promise<number> {
  const members = await membersOf(synapse, session, roomId);
  const users = () => members.map((userId) => new wasm.UserId(userId));
  const post = async (endpoint: string, body: object | string) =>
    JSON.stringify(
      await synapse.request(
        "POST",
        `/_matrix/client/v3/keys/${endpoint}`,
        session.accessToken,
        typeof body === "string" ? JSON.parse(body) : body,
      ),
    );
  const handle = await wasm.StoreHandle.open(null, null);
  const machine = await wasm.OlmMachine.initFromStore(
    new wasm.UserId(session.userId),
    new wasm.DeviceId("FLOOR"),
    handle,
  );
  await machine.bootstrapCrossSigning(true);
  const query = await post("query", { device_keys: Object.fromEntries(members.map((id) => [id, []])) });

  let cpuMs = 0;
  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    const cpu = process.cpuUsage();
    const result = await work();
    const { user, system } = process.cpuUsage(cpu);
    cpuMs += (user + system) / 1000;
    return result;
  };
  const claim = await counted(async () => {
    await machine.updateTrackedUsers(users());
    await machine.markRequestAsSent("query", wasm.RequestType.KeysQuery, query);
    return machine.getMissingSessions(users());
  });
  if (!claim) throw new Error("there is nothing to claim");
  const claimed = await post("claim", claim.body);
  await counted(async () => {
    await machine.markRequestAsSent(claim.id, claim.type, claimed);
    const settings = new wasm.EncryptionSettings();
    settings.sharingStrategy = wasm.CollectStrategy.identityBasedStrategy();
    for (const share of await machine.shareRoomKey(new wasm.RoomId(roomId), users(), settings))
      await machine.markRequestAsSent(share.id, share.type, "{}");
  });
  machine.close();
  return cpuMs;
}

async function membersOf(synapse: Synapse, session: Session, roomId: string): Promise<string[]> {
  const { joined } = await synapse.request<{ joined: Record<string, object> }>(
    "GET",
    `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/joined_members`,
    session.accessToken,
  );
  return Object.keys(joined).filter((userId) => userId !== session.userId);
}
