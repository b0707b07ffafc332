import { toSottoError } from "../../errors.ts";
import type { EventId, RoomId, UserId } from "../../model/ids.ts";
import type { Account } from "../account.ts";
import { type Reader, receiveWaiting } from "../receive.ts";
import type { HandOver } from "../relay/hand-over.ts";
import type { Commands } from "./commands.ts";

export interface ServiceReceiving {
  handOver: Pick<HandOver, "isRouted" | "knows" | "add">;
  commands: Pick<Commands, "mayAsk" | "hear">;
  stopping: AbortSignal;
}

/**
 * What the service takes of what arrives: voice messages of rooms with a route, which wait for their receivers from here
 * on, and commands anywhere. The voice messages of other rooms are left for `sotto receive`.
 */
export async function receiveForService(
  account: Account,
  { handOver, commands, stopping }: ServiceReceiving,
): Promise<void> {
  const { sync, logger, store } = account;
  /** Voice messages of those who may ask, which are not ours; looked at once. */
  const left = new Set<EventId>();
  const reader: Reader = {
    knows: (eventId: EventId) => stopping.aborted || left.has(eventId) || handOver.knows(eventId),
    takes: (roomId: RoomId, _eventId, sender: UserId) => handOver.isRouted(roomId) || commands.mayAsk(sender),
    takesVoice(roomId: RoomId, eventId: EventId): boolean {
      const isTaken = handOver.isRouted(roomId);
      if (!isTaken) left.add(eventId);
      return isTaken;
    },
    onWaiting: (roomId: RoomId, eventId: EventId) => handOver.add(roomId, eventId),
    onText: (event) => commands.hear(event),
    onWithheld: () => undefined, // reported and counted where it was found
  };
  while (!stopping.aborted) {
    const next = sync.nextBatch(stopping);
    await receiveWaiting(account, reader).catch((thrown) => {
      if (!stopping.aborted) logger.warn("receiving waits", { reason: toSottoError(thrown).message });
    });
    for (const eventId of left) if (!store.inbox.has(eventId)) left.delete(eventId);
    await next;
  }
}
