import { toSottoError } from "../../errors.ts";
import type { EventId, RoomId, UserId } from "../../model/ids.ts";
import type { Account } from "../account.ts";
import { receiveWaiting, type VoiceMessage } from "../receive.ts";
import type { HandOver } from "../relay/hand-over.ts";
import type { Commands } from "./commands.ts";

export interface ServiceReceiving {
  handOver: Pick<HandOver, "takes" | "hand">;
  commands: Pick<Commands, "mayAsk" | "hear">;
  stopping: AbortSignal;
}

/**
 * What the service takes of what arrives: voice messages of rooms with a route, and commands anywhere. The voice messages
 * of other rooms are left for `sotto receive`.
 */
export async function receiveForService(
  account: Account,
  { handOver, commands, stopping }: ServiceReceiving,
): Promise<void> {
  const { sync, logger, store } = account;
  /** Voice messages of those who may ask, which are not ours; looked at once. */
  const left = new Set<EventId>();
  const takesVoice = (roomId: RoomId, eventId: EventId) => handOver.takes(roomId, eventId);
  const receiver = {
    takes(roomId: RoomId, eventId: EventId, sender: UserId): boolean {
      if (stopping.aborted) return false;
      return takesVoice(roomId, eventId) || (commands.mayAsk(sender) && !left.has(eventId));
    },
    takesVoice(roomId: RoomId, eventId: EventId): boolean {
      const isTaken = takesVoice(roomId, eventId);
      if (!isTaken) left.add(eventId);
      return isTaken;
    },
    onVoice: (message: VoiceMessage) => handOver.hand(message),
    onText: (event: Parameters<Commands["hear"]>[0]) => commands.hear(event),
    onWithheld: () => undefined, // reported and counted where it was found
  };
  while (!stopping.aborted) {
    const next = sync.nextBatch(stopping);
    await receiveWaiting(account, receiver).catch((thrown) => {
      if (!stopping.aborted) logger.warn("receiving waits", { reason: toSottoError(thrown).message });
    });
    for (const eventId of left) if (!store.inbox.has(eventId)) left.delete(eventId);
    await next;
  }
}
