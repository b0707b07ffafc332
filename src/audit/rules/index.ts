import type { Rule } from "../rule.ts";
import { notEncrypted } from "./enc-001-not-encrypted.ts";
import { waivers } from "./own-030-waivers.ts";

/** Every rule, in the order of their IDs. */
export const RULES: readonly Rule[] = [
  notEncrypted,
  waivers, //
];
