import type { RoomId } from "../model/ids.ts";
import type { SyncBatch } from "../model/sync.ts";
import type { Account } from "./account.ts";

/**
 * Sends what waits in the outbox: with the first batch, and not before it, because whoever has left meanwhile must not
 * get the key of what still waits; then when a room's rest is over, and at once where something has changed that decides
 * on a send, or where the homeserver was away and is back. Any other answer of `/sync` is no reason: each try makes one itself, by asking for the live end and by
 * telling the homeserver the store's number.
 */
export function sendWhatWaits({
  outbox,
  store,
  sync,
}: Pick<Account, "outbox" | "store" | "sync">): Disposable {
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const retry = (changed: Iterable<RoomId> = []): void => {
    void outbox.resumeDue(changed).then(() => {
      clearTimeout(timer);
      const dueMs = ended ? undefined : outbox.nextDueMs();
      if (dueMs !== undefined) timer = setTimeout(() => retry(), dueMs).unref();
    });
  };
  const removeReturn = sync.onReturn(() => outbox.homeserverIsBack());
  const remove = sync.onBatch((batch) => retry(changedRooms(batch, (userId) => store.rooms.roomsOf(userId))));
  return {
    [Symbol.dispose]() {
      ended = true;
      removeReturn();
      remove();
      clearTimeout(timer);
    },
  };
}

/** Rooms of which a batch tells a change of members or settings, or of a member's devices or identity. */
function changedRooms(batch: SyncBatch, roomsOf: (userId: string) => RoomId[]): Set<RoomId> {
  const changed = batch.joined.filter(
    ({ state, timeline, hasGap }) =>
      hasGap || [...state, ...timeline].some(({ state_key }) => state_key !== undefined),
  );
  return new Set([...changed.map(({ roomId }) => roomId), ...batch.deviceLists.changed.flatMap(roomsOf)]);
}
