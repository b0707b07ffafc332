import * as z from "zod/mini";

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const written = z.string().check(z.regex(/^[1-9]\d*[smhd]$/, "a duration such as 90s, 30m, 12h or 7d"));
const msOf = (text: string): number =>
  Number(text.slice(0, -1)) * UNIT_MS[text.at(-1) as keyof typeof UNIT_MS];

/** `90s`, `30m`, `12h`, `7d`; gives milliseconds. */
export const duration = z.pipe(written, z.transform(msOf));

const LONGEST_MS = 7 * UNIT_MS.d;

/** The same, for what a timer waits for: Node's ends at once where it should wait for more than 24 days. */
export const shortDuration = z.pipe(
  written.check(z.refine((text) => !(msOf(text) > LONGEST_MS), "a duration of at most 7d")),
  z.transform(msOf),
);

/** What `config.sample.yaml`, or a connector's README, says of a key. */
export const described = <T extends z.ZodMiniType>(text: string, schema: T): T =>
  schema.check(z.describe(text));
