import type { Rule } from "../rule.ts";
import { notEncrypted } from "./enc-001-not-encrypted.ts";

/** Every rule, in the order of their IDs. */
export const RULES: readonly Rule[] = [notEncrypted];
