import type { UserId } from "../../src/model/ids.ts";
import type { Store } from "../../src/store/index.ts";
import { batch, joined, MEGOLM, member, OWN, openTestStore, state } from "./store.ts";

/** A store that knows one room, `ROOM`, which is encrypted and which these users have joined. */
export function storeOfRoom(userIds: readonly UserId[]): Store {
  const store = openTestStore();
  const encryption = state("m.room.encryption", { algorithm: MEGOLM });
  const members = userIds.map((userId) => member(userId, "join"));
  store.transaction(() => store.rooms.apply(batch({ joined: [joined([encryption, ...members])] }), OWN));
  return store;
}
