const LONGEST = 200;

/** User and room IDs and aliases, event IDs, addresses; anything that could be a telephone number. */
const PERSONAL = /[@!#]\S+|\$[\w+/-]{20,}|\S+@\S+|\+?\d(?:[ ()/.-]?\d){5,}/g;

/**
 * What a command wrote to standard error, fit for the log: one short printable line that names nobody.
 *
 * @param values - of its environment, which it may repeat
 */
export function complaintOf(stderr: string, values: readonly string[]): string | undefined {
  const line = stderr
    .split("\n")
    .map((one) => one.replace(/\p{C}+/gu, " ").trim())
    .find(Boolean);
  if (line === undefined) return undefined;
  const told = values.filter((value) => value.length > 3);
  const without = told.reduce((text, value) => text.replaceAll(value, "[redacted]"), line);
  return without.replace(PERSONAL, "[redacted]").slice(0, LONGEST);
}
