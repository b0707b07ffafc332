import fc from "fast-check";

/** What code that takes it for something else stumbles over. */
export const ODD: readonly unknown[] = [
  ...[
    null,
    "",
    [],
    {},
    1e308,
    -1,
    0.5,
    "1".repeat(400),
    "9y",
    "100",
    "__proto__",
    "\u202e",
    "x".repeat(10_000),
  ],
  ...[{ toString: 1, valueOf: 2 }, [{ toString: null }], { constructor: 1, length: -1 }],
];

export const garbage = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(...ODD));

/** The same with garbage in one place of it; each step is the place of a member. */
export function spoiled(value: unknown, steps: readonly number[], by: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof value !== "object" || value === null) return by;
  const keys = Object.keys(value);
  const key = keys[step % Math.max(keys.length, 1)];
  if (key === undefined) return by;
  const inner = spoiled((value as Record<string, unknown>)[key], rest, by);
  if (!Array.isArray(value)) return { ...value, [key]: inner };
  return value.map((part, at) => (String(at) === key ? inner : part));
}

/** The steps to every place in a value but itself. */
export function placesIn(value: unknown, steps: readonly number[] = []): number[][] {
  const members = typeof value === "object" && value !== null ? Object.values(value) : [];
  return members.flatMap((inner, at) => [[...steps, at], ...placesIn(inner, [...steps, at])]);
}
