import { buffer } from "node:stream/consumers";
import { type MxcUri, type RoomId, serverNameOf, type UserId } from "../model/ids.ts";
import type { SyncBatch } from "../model/sync.ts";
import type { Account } from "./account.ts";
import { MAX_ATTACHMENT_BYTES } from "./receiving-policy.ts";

/** Joins rooms whose inviter the config names, or their homeserver; every other invitation stays where it is. */
export async function acceptInvites(account: Account, batch: SyncBatch): Promise<void> {
  const { acceptInvitesFrom, account: own } = account.config;
  let mayHaveHistory = batch.toDevice.length > 0;
  for (const { roomId, state } of batch.invited) {
    const inviters = state
      .filter(({ type, state_key }) => type === "m.room.member" && state_key === own.userId)
      .map(({ sender }) => sender);
    const inviter = inviters.at(-1);
    // an inviter's homeserver can put more invitations there, in anybody's name: ours adds the one that counts
    if (!inviter || !inviters.every((sender) => isAllowed(sender, acceptInvitesFrom))) continue;
    mayHaveHistory = true;
    await accept(account, roomId, inviter).catch((thrown) => {
      account.logger.warn("an invitation could not be accepted", { roomId, reason: String(thrown) });
    });
  }
  if (mayHaveHistory) await importHistory(account);
}

/** @param allowed user IDs, and `*:example.org` for everyone of a homeserver */
export const isAllowed = (inviter: UserId, allowed: readonly string[]): boolean =>
  allowed.includes(inviter) || allowed.includes(`*:${serverNameOf(inviter)}`);

/** What the inviter gives us of the room's history is awaited before we join: it may come at any time from there on. */
async function accept({ crypto, rooms, logger }: Account, roomId: RoomId, inviter: UserId): Promise<void> {
  await crypto.awaitHistory(roomId, inviter).catch((thrown) => {
    logger.warn("keys of the room's history are not awaited", { roomId, inviter, reason: String(thrown) });
  });
  await rooms.join(roomId);
}

async function importHistory({ crypto, contentRepository, logger }: Account): Promise<void> {
  const download = async (url: MxcUri): Promise<Uint8Array> =>
    buffer(await contentRepository.download(url, MAX_ATTACHMENT_BYTES));
  for (const { roomId, error } of await crypto.importHistory(download)) {
    if (error === undefined) logger.info("the inviter has shared the keys of the room's history", { roomId });
    else logger.warn("the keys of a room's history were not imported", { roomId, reason: String(error) });
  }
}
