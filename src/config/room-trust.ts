import type { Config } from "./load.ts";

type Trust = Config["trust"];

/** What holds in one room: its own words before those for all rooms. */
export function roomTrust({ trust, rooms }: Pick<Config, "trust" | "rooms">, roomId: string): Trust {
  const own = Object.hasOwn(rooms, roomId) ? rooms[roomId] : undefined;
  return {
    ...trust,
    shareWith: own?.shareWith ?? trust.shareWith,
    onExcluded: own?.onExcluded ?? trust.onExcluded,
    newMembers: own?.newMembers ?? trust.newMembers,
    acceptFrom: own?.acceptFrom ?? trust.acceptFrom,
  };
}

/** Whether voice messages of the room are taken though it is not encrypted. */
export const acceptsClear = ({ rooms }: Pick<Config, "rooms">, roomId: string): boolean =>
  Object.hasOwn(rooms, roomId) && rooms[roomId]?.acceptClear === true;

/** Whether the config has words for this room that another would not have. */
export const hasOwnPolicy = ({ rooms }: Pick<Config, "rooms">, roomId: string): boolean =>
  Object.hasOwn(rooms, roomId);
