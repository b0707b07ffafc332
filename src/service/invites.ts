import type { SyncBatch } from "../model/sync.ts";
import type { Account } from "./account.ts";

/** Joins rooms whose inviter the config names; every other invitation stays where it is. */
export async function acceptInvites(account: Account, batch: SyncBatch): Promise<void> {
  const { acceptInvitesFrom, account: own } = account.config;
  for (const { roomId, state } of batch.invited) {
    const invitation = (state as StrippedState[]).find(
      (event) => event.type === "m.room.member" && event.state_key === own.userId,
    );
    if (!invitation || !acceptInvitesFrom.includes(invitation.sender)) continue;
    await account.rooms.join(roomId).catch((thrown) => {
      account.logger.warn("an invitation could not be accepted", { roomId, reason: String(thrown) });
    });
  }
}

/** https://spec.matrix.org/v1.19/client-server-api/#stripped-state */
interface StrippedState {
  type: string;
  state_key: string;
  sender: string;
}
