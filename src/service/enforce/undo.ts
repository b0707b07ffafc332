import { isSame } from "../../enforce/index.ts";
import { toSottoError } from "../../errors.ts";
import type {
  Content,
  EnforcedType,
  EnforcementRecord,
  Step,
  UNDO_RESULTS,
} from "../../model/enforcement.ts";
import type { RoomId } from "../../model/ids.ts";
import type { Hands } from "./hands.ts";

export interface Undone {
  step: Step;
  result: (typeof UNDO_RESULTS)[number];
  message?: string;
}

/** What stands where there was no such event before: an event cannot be taken away. */
const ABSENT: Partial<Record<EnforcedType, Content>> = {
  "m.room.history_visibility": { history_visibility: "shared" },
  "m.room.guest_access": { guest_access: "forbidden" },
  "m.room.join_rules": { join_rule: "invite" },
};

/** Takes back what was enforced in a room, the newest first, as far as Matrix lets it and nobody has changed it since. */
export async function undoRoom(hands: Hands, roomId: RoomId): Promise<Undone[]> {
  const { enforcement } = hands.account.store;
  const undone: Undone[] = [];
  for (const record of enforcement.records(roomId)) {
    if (record.state !== "done" && record.state !== "begun") continue;
    try {
      const message = await takeBack(hands, record);
      if (message === undefined) enforcement.end(record.number, "undone");
      undone.push({
        step: record.step,
        result: message === undefined ? "undone" : "left",
        ...(message !== undefined && { message }),
      });
    } catch (thrown) {
      undone.push({ step: record.step, result: "failed", message: toSottoError(thrown).message });
      break;
    }
  }
  return undone;
}

/** @returns why it is left as it is, if it is */
async function takeBack(
  { enforcer, account }: Hands,
  { step }: EnforcementRecord,
): Promise<string | undefined> {
  const { roomId, request } = step;
  if (!step.reversible) return "it cannot be undone";
  if (request.kind === "state") {
    const { type, before, after } = request;
    const now = (await enforcer.state(roomId))[type];
    const content = before ?? ABSENT[type];
    if (content === undefined) return "there was no such event before, and one cannot be taken away";
    if (isSame(now, before)) return undefined;
    if (!isSame(now, after)) return "somebody has changed it since";
    await enforcer.setState(roomId, type, content);
    return isSame((await enforcer.state(roomId))[type], content)
      ? undefined
      : "the homeserver took it, and the room does not show it";
  }
  if (request.kind === "unlist") {
    await enforcer.setListed(roomId, true);
    return undefined;
  }
  if (request.kind === "kick") {
    const membership = (await account.rooms.state(roomId, "m.room.member", request.userId))?.membership;
    if (membership !== "leave") return `they stand as "${membership}" now`;
    await enforcer.invite(roomId, request.userId);
    return undefined;
  }
  return "it cannot be undone";
}
