import * as z from "zod/mini";
import { VARIABLE_PREFIX } from "./data-directory.ts";
import type { Fault } from "./faults.ts";
import { bare, keysOf } from "./sections.ts";
import type { Scalar, Written } from "./written.ts";

/** What the environment says, as one more file would, and what is wrong with it. */
export function readEnvironment(
  schema: z.core.$ZodType,
  environment: NodeJS.ProcessEnv,
): { said: Written[]; faults: Fault[] } {
  const said: Written[] = [];
  const faults: Fault[] = [];
  for (const [name, text] of Object.entries(environment).sort()) {
    if (!name.startsWith(VARIABLE_PREFIX) || text === undefined) continue;
    const where = `$${name}`;
    const found = keyOf(name, schema);
    if (typeof found === "string") faults.push({ where, message: found });
    else said.push(nested(found.path, { where, folder: process.cwd(), value: scalarOf(found.schema, text) }));
  }
  return { said, faults };
}

/** The variable's key, or what is wrong with its name. */
function keyOf(name: string, whole: z.core.$ZodType): { path: string[]; schema: z.core.$ZodType } | string {
  const path: string[] = [];
  let schema = whole;
  for (const part of name.slice(VARIABLE_PREFIX.length).split("__")) {
    const keys = keysOf(schema);
    if (!keys) return `${path.join(".")} ${isScalar(schema) ? "has no keys" : "is said in a file only"}`;
    const key = Object.keys(keys).find((known) => variableNameOf(known) === part);
    if (key === undefined) {
      const ofFile = Object.keys(keys).some((known) => variableNameOf(known) === `${part}_FILE`);
      return ofFile
        ? `a secret never stands in the environment: name its file with ${name}_FILE`
        : `there is no such key${path.length > 0 ? ` in ${path.join(".")}` : ""}`;
    }
    path.push(key);
    schema = keys[key]!;
  }
  if (keysOf(schema)) return `${path.join(".")} is a section: name a key of it, after "__"`;
  return isScalar(schema) ? { path, schema } : `${path.join(".")} is said in a file only`;
}

/** `shareWith` is SHARE_WITH. */
export const variableNameOf = (key: string): string =>
  key.replace(/[A-Z]/g, (capital) => `_${capital}`).toUpperCase();

function isScalar(schema: z.core.$ZodType): boolean {
  const { type } = bare(schema)._zod.def;
  return !["object", "record", "array", "tuple", "map", "set"].includes(type);
}

/** A text that is no such value is left as it is: the schema says what would be. */
function scalarOf(schema: z.core.$ZodType, text: string): Scalar {
  const inner = bare(schema);
  if (inner instanceof z.ZodMiniBoolean && /^(?:true|false)$/.test(text)) return text === "true";
  if (inner instanceof z.ZodMiniNumber && /^-?\d+(?:\.\d+)?$/.test(text)) return Number(text);
  return text;
}

const nested = (path: readonly string[], leaf: Written): Written =>
  path.reduceRight((part, key) => ({ ...leaf, value: new Map([[key, part]]) }), leaf);
