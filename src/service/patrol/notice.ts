import type { Subject } from "../../model/finding.ts";
import type { RoomId } from "../../model/ids.ts";
import type { OpenFinding, PatrolNews } from "../../model/patrol.ts";
import { printable } from "../../printable.ts";

const MOST_FOUND = 10;
const MOST_OF_OTHERS = 5;
/** Of so many, the cure is said. */
const MOST_CURES = 3;
const MOST_CODE_POINTS = 300;

/** News as a message, in few lines; undefined where there are none. What strangers have named does nothing in it. */
export function noticeOf({ found, gone, stopped, freed, left }: PatrolNews): object | undefined {
  const counts = [
    [found.length, "new"],
    [gone.length, "gone"],
    [stopped.length, stopped.length === 1 ? "room gets no voice now" : "rooms get no voice now"],
    [freed.length, freed.length === 1 ? "room gets voice again" : "rooms get voice again"],
    [left.length, left.length === 1 ? "room was left" : "rooms were left"],
  ] as const;
  const said = counts.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []));
  if (said.length === 0) return undefined;
  const lines = [
    `Patrol: ${said.join(", ")}`,
    ...some(stopped, MOST_OF_OTHERS, (roomId: RoomId) => [`No voice until it is cured: ${roomId}`]),
    ...some(freed, MOST_OF_OTHERS, (roomId: RoomId) => [`Voice again: ${roomId}`]),
    ...some(left, MOST_OF_OTHERS, (roomId: RoomId) => [`Left, since it was not cured: ${roomId}`]),
    ...some(found, MOST_FOUND, foundLines),
    ...some(gone, MOST_OF_OTHERS, ({ ruleId, subject }) => [`gone: ${ruleId} ${subjectWords(subject)}`]),
  ];
  return noticeWith(lines);
}

/** Nobody is pinged by it. */
export const noticeWith = (lines: readonly string[]): object => ({
  ...{ msgtype: "m.notice", body: lines.map(harmless).join("\n") },
  "m.mentions": {},
});

function some<T>(items: readonly T[], most: number, linesOf: (item: T, at: number) => string[]): string[] {
  const more = items.length - most;
  return [
    ...items.slice(0, most).flatMap(linesOf),
    ...(more > 0 ? [`… and ${more} more: see \`sotto audit\``] : []),
  ];
}

function foundLines({ severity, result, ruleId, subject, message, cure }: OpenFinding, at: number): string[] {
  const how = result === "warn" ? `${severity} warning` : severity;
  const line = `${how} ${ruleId} ${subjectWords(subject)}: ${message}`;
  return cure !== undefined && at < MOST_CURES ? [line, `  cure: ${cure}`] : [line];
}

function subjectWords({ roomId, userId, deviceId }: Subject): string {
  const words = [roomId, userId, deviceId && `device ${deviceId}`].filter((word) => word !== undefined);
  return words.length > 0 ? words.join(" ") : "the homeserver or Sotto";
}

function harmless(line: string): string {
  const points = [...printable(line)];
  return points.length > MOST_CODE_POINTS
    ? `${points.slice(0, MOST_CODE_POINTS - 1).join("")}…`
    : points.join("");
}
