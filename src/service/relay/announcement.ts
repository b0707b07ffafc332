import type { Provenance } from "../../model/connector.ts";

/**
 * Who speaks, and when: clients show no caption beside a voice message, so it is a message of its own. Undefined where
 * nothing is known.
 */
export function announcement({ caller, recordedMs, note }: Provenance = {}): object | undefined {
  const words = [
    caller === undefined ? undefined : `from ${plain(caller)}`,
    recordedMs === undefined ? undefined : `recorded ${spokenTime(recordedMs)}`,
    note === undefined ? undefined : plain(note),
  ].filter((word) => word !== undefined);
  if (words.length === 0) return undefined;
  return { msgtype: "m.notice", body: `Voice message ${words.join(", ")}`, "m.mentions": {} };
}

const MOST_CODE_POINTS = 200;

/** One line of what a stranger wrote. */
const plain = (text: string): string =>
  [
    ...text
      .toWellFormed()
      .replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ")
      .trim(),
  ]
    .slice(0, MOST_CODE_POINTS)
    .join("");

/** In the time zone of the machine, to the minute: 2026-11-23 14:03. */
function spokenTime(ms: number): string {
  const time = new Date(ms);
  const two = (part: number): string => String(part).padStart(2, "0");
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}
