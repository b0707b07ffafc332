import { isSame } from "../../enforce/index.ts";
import { SottoError, toSottoError } from "../../errors.ts";
import type { EnforcedState, Step } from "../../model/enforcement.ts";
import type { EventId, RoomId, UserId } from "../../model/ids.ts";
import type { Hands } from "./hands.ts";
import { purgeMediaOf } from "./purge.ts";
import { replaceRoom, successorOf } from "./replace.ts";
import { stillLacks } from "./still-lacks.ts";
import { warn, wasTold } from "./warn.ts";

/** How the room stands to a step: it is to be done, it is done, or the room is not as it was when that was planned. */
export type Standing = "open" | "done" | "stale";

/** @param now what was read a moment ago, if it was */
export async function standingOf(
  hands: Hands,
  { roomId, request }: Step,
  now?: EnforcedState,
): Promise<Standing> {
  const { enforcer, account } = hands;
  switch (request.kind) {
    case "state": {
      const content = (now ?? (await enforcer.state(roomId)))[request.type];
      if (isSame(content, request.after)) return "done";
      return isSame(content, request.before) ? "open" : "stale";
    }
    case "unlist":
      return (await enforcer.isListed(roomId)) ? "open" : "done";
    case "redact":
      return (await isRedacted(hands, roomId, request.eventId)) ? "done" : "open";
    case "warn":
      return wasTold(account, roomId, request.users) ? "done" : "open";
    case "kick":
      return (await isHere(hands, roomId, request.userId)) && (await stillLacks(account, request))
        ? "open"
        : "done";
    case "replace":
      return (await successorOf(account, roomId)) ? "done" : "open";
  }
}

/**
 * Does the step and reads back whether it is done: what the homeserver answered, or failed to answer, decides nothing.
 *
 * @returns a sentence on what stays, where there is one
 * @throws SottoError why it is not done
 */
export async function act(hands: Hands, step: Step): Promise<string | undefined> {
  let refusal: unknown;
  let stays: string | undefined;
  try {
    stays = await ask(hands, step);
  } catch (thrown) {
    refusal = thrown;
  }
  if ((await standingOf(hands, step)) === "done") return stays;
  if (refusal !== undefined) throw toSottoError(refusal);
  throw new SottoError("HOMESERVER_ERROR", "the homeserver took it, and the room does not show it");
}

async function ask(hands: Hands, { id, roomId, request }: Step): Promise<string | undefined> {
  const { enforcer, account } = hands;
  switch (request.kind) {
    case "state":
      return void (await enforcer.setState(roomId, request.type, request.after));
    case "unlist":
      return void (await enforcer.setListed(roomId, false));
    case "redact": {
      // its address is in the event: afterwards nobody knows it
      const stays = hands.admin && (await purgeMediaOf(hands, roomId, request.eventId));
      await enforcer.redact(roomId, `enforce-${id}`, request.eventId);
      return stays;
    }
    case "warn":
      return void (await warn(account, roomId, request.users, request.graceMs));
    case "kick": {
      await enforcer.kick(roomId, request.userId, "Devices stayed unsigned after the notice in the room.");
      return undefined;
    }
    case "replace":
      return replaceRoom(hands, roomId, request.room);
  }
}

async function isRedacted({ account }: Hands, roomId: RoomId, eventId: EventId): Promise<boolean> {
  const { content } = await account.rooms.event(roomId, eventId);
  return Object.keys(content).length === 0;
}

/** An invitation is not taken back by this: they were told to sign, and may come again. */
async function isHere({ account }: Hands, roomId: RoomId, userId: UserId): Promise<boolean> {
  return (await account.rooms.state(roomId, "m.room.member", userId))?.membership === "join";
}
