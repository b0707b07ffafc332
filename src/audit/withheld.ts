import type { Fact, Facts, UserFacts } from "../model/facts.ts";
import type { DeviceId, RoomId } from "../model/ids.ts";
import { all } from "./rule.ts";

/** What one device, or all of a user's, did not get from us. */
export interface Withheld {
  deviceId: DeviceId | null;
  codes: string[];
  rooms: RoomId[];
}

/** By device; those that have gone since are left out. https://spec.matrix.org/v1.19/client-server-api/#mroom_keywithheld */
export function withheldFrom(
  { userId, devices }: UserFacts,
  { own }: Facts,
  isMeant: (code: string) => boolean,
): Fact<Withheld[]> {
  const read = all(own, devices);
  if ("unread" in read) return read;
  const [{ withheld }, here] = read.value;
  if (withheld.length === 0) return { value: [] };
  const meant = withheld.filter(
    (entry) =>
      entry.userId === userId &&
      isMeant(entry.code) &&
      (entry.deviceId === null || here.some(({ deviceId }) => deviceId === entry.deviceId)),
  );
  return {
    value: [...Map.groupBy(meant, ({ deviceId }) => deviceId)].map(([deviceId, entries]) => ({
      deviceId,
      codes: [...new Set(entries.map(({ code }) => code))],
      rooms: [...new Set(entries.map(({ roomId }) => roomId))],
    })),
  };
}
