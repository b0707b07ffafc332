import type { Subject } from "../model/finding.ts";
import type { Shown } from "../model/report.ts";
import { printable } from "../printable.ts";

/** Names can be megabytes long. */
const MOST = 1_000;

/** Somebody's words as one harmless line of plain text, cut where they are long. */
export function plain(text: string, most = MOST): string {
  const shown = printable(text.length > most ? text.slice(0, most) : text);
  return text.length > most ? `${shown}… (${text.length - most} more characters)` : shown;
}

/** What a finding is about, in a few words. */
export function subjectWords({ roomId, userId, deviceId, eventId }: Subject): string {
  const words = [
    userId,
    deviceId === undefined ? undefined : `device ${deviceId}`,
    eventId === undefined ? undefined : `event ${eventId}`,
    roomId === undefined
      ? undefined
      : userId === undefined && eventId === undefined
        ? roomId
        : `in ${roomId}`,
  ].filter((word) => word !== undefined);
  return words.length > 0 ? words.join(" ") : "everywhere";
}

/** `2026-11-01 12:00 UTC`; a time that no calendar has stays a number. */
export function timeWords(atMs: number): string {
  const at = isoTime(atMs);
  return at === undefined ? `${atMs} ms` : `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
}

/** ISO 8601, undefined where there is no such time. */
export function isoTime(atMs: number): string | undefined {
  const at = new Date(atMs);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

export const numbered = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** Who has accepted a finding, in a clause. */
export function acceptedWords({ accepted }: Shown): string | undefined {
  if (!accepted) return undefined;
  if (accepted.by === "baseline") return "known: in the baseline";
  return `waived by ${accepted.owner} until ${accepted.expires}: ${accepted.reason}`;
}
