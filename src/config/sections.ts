import * as z from "zod/mini";

/** A schema without what only says that it may be absent. */
export function bare(schema: z.core.$ZodType): z.core.$ZodType {
  const mayBeAbsent =
    schema instanceof z.ZodMiniDefault ||
    schema instanceof z.ZodMiniPrefault ||
    schema instanceof z.ZodMiniOptional;
  return mayBeAbsent ? bare(schema.def.innerType) : schema;
}

/** The keys of a section; undefined for what is none. */
export function keysOf(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> | undefined {
  const section = bare(schema);
  return section instanceof z.ZodMiniObject ? section.def.shape : undefined;
}

/** The keys of the section that a path leads to, through sections only. */
export function keysAt(
  schema: z.core.$ZodType,
  path: readonly PropertyKey[],
): Readonly<Record<string, z.core.$ZodType>> | undefined {
  let keys = keysOf(schema);
  for (const key of path) {
    const next = keys?.[String(key)];
    keys = next && keysOf(next);
  }
  return keys;
}
