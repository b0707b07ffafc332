import { SottoError } from "../../errors.ts";
import type { RoomId } from "../../model/ids.ts";
import type { Account } from "../account.ts";
import { acceptSuccessor, enterSuccessor, lacksPolicy } from "./replaced.ts";

/** What became of the routes of a room that was replaced. */
export interface RouteAccepted {
  /** The room that their messages go to from here on. */
  roomId: RoomId;
  /** Those that it replaces. */
  replaced: RoomId[];
  /** Messages that waited, and go there. */
  moved: number;
}

/**
 * A person has looked at the room that a tombstone names: the routes of the rooms before lead there from here on.
 *
 * @throws SottoError `ROUTE_UNKNOWN` where no tombstone names it; `CONFIG_INVALID` where the config is stricter in the room
 *   before than it would be in this one; why it cannot be entered
 */
export async function acceptRoute(account: Account, roomId: RoomId): Promise<RouteAccepted> {
  const { store, config, sync } = account;
  await sync.toLiveEnd();
  const replaced = store.rooms.replacedBy(roomId);
  const [first] = replaced;
  if (first === undefined) {
    throw new SottoError("ROUTE_UNKNOWN", `no room that this account is in was replaced by ${roomId}`, {
      cure: "name the room that `sotto doctor` or the log names",
    });
  }
  const stricter = replaced.find((old) => lacksPolicy(config, old, roomId));
  if (stricter !== undefined) {
    const message = `the config has words of its own for ${stricter} under \`rooms\`, and none for ${roomId}`;
    throw new SottoError("CONFIG_INVALID", message, {
      cure: `write under \`rooms\` what shall hold in ${roomId}, restart \`sotto run\`, and accept it then`,
    });
  }
  await enterSuccessor(account, first, roomId);
  let moved = 0;
  for (const old of replaced) moved += await acceptSuccessor(account, old, roomId);
  return { roomId, replaced, moved };
}
