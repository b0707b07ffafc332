import type { Fact } from "../model/facts.ts";
import type { Envelope, RoomFacts, RoomState, Timeline } from "../model/room-facts.ts";
import { all, type Verdict } from "./rule.ts";
import { counted, day, named } from "./say.ts";

/** A room's state and its past. Every room has a past: one without events is unread, whoever says that it is whole. */
export function readPast({ state, timeline }: RoomFacts): Fact<[RoomState, Timeline]> {
  const past = all<[RoomState, Timeline]>(state, timeline);
  if ("unread" in past) return past;
  const [, { envelopes }] = past.value;
  return envelopes.length === 0 ? { unread: "none of the room's events could be read" } : past;
}

/** How far the reading went: a pass holds for no more than that. */
export const inWhatWasRead = ({ isWhole, envelopes }: Timeline): string =>
  isWhole
    ? "in all that can be read"
    : `in the newest ${counted(envelopes.length, "event")}; older ones were not read`;

/** For what would be true of all only: further back, it may be otherwise. */
export const cutOff = ({ envelopes }: Timeline): Verdict => ({
  result: "not-checked",
  message: `only the room's newest ${counted(envelopes.length, "event")} were read: --depth EVENTS reads more`,
  notAsked: true,
});

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

/** Whether all was read that was sent since then: a setting that took the place of another did not encrypt the room. */
export const isReadSince = ({ isWhole, envelopes }: Timeline): boolean =>
  isWhole || envelopes.some((envelope) => isSetting(envelope) && !envelope.isChange);

/** What was sent since the room's present `m.room.encryption` stands. */
export function sinceSetting({ encryption }: RoomState, { envelopes }: Timeline): Envelope[] {
  const at = envelopes.findIndex(({ eventId }) => eventId === encryption?.eventId);
  return at < 0 ? envelopes : envelopes.slice(0, at);
}

/** What the room has shown as its picture, as far back as was read. */
export const picturesIn = ({ envelopes }: Timeline): string[] =>
  envelopes
    .filter(({ type, stateKey }) => type === "m.room.avatar" && stateKey === "")
    .flatMap(({ content }) => (typeof content?.url === "string" ? [content.url] : []));

export type ClearKind = "message" | "media" | "sticker" | "call" | "reaction" | "other";

const MESSAGE =
  /^(?:m\.room\.message|m\.(?:message|emote|notice|text|location|beacon)|m\.poll\..+|org\.matrix\.msc(?:1767|3381\.poll|3488|3672\.beacon)(?:\..+)?)$/;
/** Extensible events: https://github.com/matrix-org/matrix-spec-proposals/pull/1767 and those that build on it. */
const MEDIA =
  /^(?:m\.(?:audio|file|image|video|voice)|org\.matrix\.msc(?:3245|3246|3551|3552|3553)(?:\..+)?)$/;
/** The keys of a call of Element among them. */
const CALL =
  /^(?:(?:m|org\.matrix|io\.element)\.call\.(?!member$)|m\.rtc\.notification$|org\.matrix\.msc4075\.)/;
/** They say nothing, or what the homeserver does itself. */
const QUIET =
  /^(?:m\.room\.redaction|m\.key\.verification\..+|org\.matrix\.dummy_event|(?:m|org\.matrix\.msc\d+)\.(?:rtc|call)\.member|com\.beeper\.message_send_status)$/;
const MEDIA_TYPES = ["m.audio", "m.file", "m.image", "m.video"];

/** What kind of content stands there readable; null: none, it is state, encrypted or redacted. `other`: nobody here knows. */
export function clearKind({ type, stateKey, isRedacted, media, msgtype }: Envelope): ClearKind | null {
  if (type === "m.room.encrypted" || stateKey !== undefined || isRedacted) return null;
  if (type === "m.sticker") return "sticker";
  if (type === "m.reaction") return "reaction";
  if (CALL.test(type)) return "call";
  if (MEDIA.test(type)) return "media";
  if (!MESSAGE.test(type)) return QUIET.test(type) ? null : "other";
  return media !== undefined || MEDIA_TYPES.includes(msgtype ?? "") ? "media" : "message";
}

/** Events of a kind that nobody here knows: they may say anything. */
export function othersInClear([state, timeline]: [RoomState, Timeline]): Verdict | undefined {
  if (state.encryption === null) return undefined;
  const others = aroundEncryption(timeline).since.filter((envelope) => clearKind(envelope) === "other");
  if (others.length === 0) return undefined;
  const types = [...new Set(others.map(({ type }) => type))];
  return {
    result: "warn",
    severity: "low",
    message: `${counted(others.length, "event")} of types that are not known here stand in clear: ${named(types)}`,
    cure: `find out what ${named([...new Set(others.map(({ sender }) => sender))])} sent there; if it should not be read, remove the client or bot that sends it, and redact ${named(
      others.map(({ eventId }) => eventId),
      20,
    )}, which cannot be undone`,
  };
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
    return isReadSince(timeline)
      ? [{ result: "pass", message: `no ${noun} in clear since then` }]
      : [cutOff(timeline)];
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
