import type { Fact } from "../model/facts.ts";
import type { Envelope, RoomFacts, RoomState, Timeline } from "../model/room-facts.ts";
import { all, type Verdict } from "./rule.ts";
import { counted, day, named } from "./say.ts";

/** A room's state and its past. A past of which nothing could be read is unread, whoever says that it was. */
export function readPast({ state, timeline }: RoomFacts): Fact<[RoomState, Timeline]> {
  const past = all<[RoomState, Timeline]>(state, timeline);
  if ("unread" in past) return past;
  const { isWhole, envelopes } = past.value[1];
  return !isWhole && envelopes.length === 0 ? { unread: "none of the room's events could be read" } : past;
}

/** How far the reading went: a pass holds for no more than that. */
export const inWhatWasRead = ({ isWhole, envelopes }: Timeline): string =>
  isWhole
    ? "in all that can be read"
    : `in the newest ${counted(envelopes.length, "event")}; older ones were not read`;

const isSetting = ({ type, stateKey }: Envelope): boolean => type === "m.room.encryption" && stateKey === "";

/** Every `m.room.encryption` that was seen, newest first. */
export const settingsOf = ({ envelopes }: Timeline): Envelope[] => envelopes.filter(isSetting);

/**
 * What was sent after the room was encrypted, and what before; newest first. Where an event stands decides, and not its
 * time, which is its sender's own. Encrypted before anything that was read: then all of it came after.
 */
export function aroundEncryption({ envelopes }: Timeline): { since: Envelope[]; before: Envelope[] } {
  const at = envelopes.findLastIndex(isSetting);
  return at < 0
    ? { since: envelopes, before: [] }
    : { since: envelopes.slice(0, at), before: envelopes.slice(at + 1) };
}

/** What was sent since the room's present `m.room.encryption` stands. */
export function sinceSetting({ encryption }: RoomState, { envelopes }: Timeline): Envelope[] {
  const at = envelopes.findIndex(({ eventId }) => eventId === encryption?.eventId);
  return at < 0 ? envelopes : envelopes.slice(0, at);
}

export type ClearKind = "message" | "media" | "sticker" | "call" | "reaction";

const MESSAGE =
  /^(?:m\.room\.message|m\.message|m\.poll\..+|m\.beacon|org\.matrix\.msc(?:3381\.poll|3672\.beacon)(?:\..+)?)$/;
const CALL = /^(?:m\.call\.|org\.matrix\.call\.|m\.rtc\.notification$|org\.matrix\.msc4075\.)/;
const MEDIA_TYPES = ["m.audio", "m.file", "m.image", "m.video"];

/** What kind of content stands there readable; null: none, it is state, encrypted or redacted. */
export function clearKind({ type, stateKey, isRedacted, media, msgtype }: Envelope): ClearKind | null {
  if (type === "m.room.encrypted" || stateKey !== undefined || isRedacted) return null;
  if (type === "m.sticker") return "sticker";
  if (type === "m.reaction") return "reaction";
  if (CALL.test(type)) return "call";
  if (!MESSAGE.test(type)) return null;
  return media !== undefined || MEDIA_TYPES.includes(msgtype ?? "") ? "media" : "message";
}

/** Whoever sent something in clear after the room was encrypted: each sender once, with the events to redact. */
export function judgeClear(
  kind: ClearKind,
  noun: string,
  [state, timeline]: [RoomState, Timeline],
): Verdict[] {
  if (state.encryption === null)
    return [{ result: "not-applicable", message: "the room is not encrypted: SOTTO-ENC-001 says so" }];
  const clear = aroundEncryption(timeline).since.filter((envelope) => clearKind(envelope) === kind);
  if (clear.length === 0)
    return [{ result: "pass", message: `no ${noun} in clear ${inWhatWasRead(timeline)}` }];
  return [...Map.groupBy(clear, ({ sender }) => sender)].map(([userId, sent]) => ({
    result: "fail",
    subject: { userId },
    message: `${userId} sent ${counted(sent.length, noun)} in clear after the room was encrypted, the last on ${day(sent[0]!.sentMs)}`,
    cure: `redact ${named(
      sent.map(({ eventId }) => eventId),
      20,
    )}, which cannot be undone, and remove from the room the client or bot of ${userId} that does not encrypt`,
  }));
}
