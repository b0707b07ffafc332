// Words that findings have in common.

const UNITS = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
  [1_000, "second"],
] as const;

/** `1 message`, `12 messages`. */
export const counted = (count: number, noun: string): string =>
  `${count.toLocaleString("en-GB")} ${noun}${count === 1 ? "" : "s"}`;

/** The largest unit of which it is two at least, or one exactly: `9 days`, `36 hours`. */
export function span(ms: number): string {
  const [unitMs, noun] = UNITS.find(([unit]) => ms >= 2 * unit || ms === unit) ?? [1_000, "second"];
  return counted(Math.floor(ms / unitMs), noun);
}

/** `2026-11-01`, in UTC. A time that others wrote may be no time at all. */
export function day(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? "a day that is none" : date.toISOString().slice(0, 10);
}

/** `a, b and 3 more`. */
export function named(names: readonly string[], most = 5): string {
  const shown = names.length > most ? [...names.slice(0, most), `${names.length - most} more`] : [...names];
  const last = shown.pop() ?? "nobody";
  return shown.length > 0 ? `${shown.join(", ")} and ${last}` : last;
}
