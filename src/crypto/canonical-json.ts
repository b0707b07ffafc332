/** Deeper than anything that is signed in Matrix; a stack has an end. */
const MAX_DEPTH = 32;

/**
 * Keys in the order of their code points, no blanks, integers only. What came as `JSON.parse` gave it.
 * https://spec.matrix.org/v1.19/appendices/#canonical-json
 *
 * @throws TypeError for what has no canonical form
 */
export function canonicalJson(value: unknown, depth = 0): string {
  if (depth > MAX_DEPTH) throw new TypeError("it is nested too deeply");
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, depth + 1)).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(
      ([name, member]) => [Buffer.from(name), name, canonicalJson(member, depth + 1)] as const,
    );
    members.sort(([a], [b]) => Buffer.compare(a, b));
    return `{${members.map(([, name, member]) => `${JSON.stringify(name)}:${member}`).join(",")}}`;
  }
  const isPlain = typeof value === "string" || typeof value === "boolean" || value === null;
  if (isPlain || Number.isSafeInteger(value)) return JSON.stringify(Object.is(value, -0) ? 0 : value);
  throw new TypeError("it holds what canonical JSON does not");
}
