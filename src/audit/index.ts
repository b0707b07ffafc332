/** The door to the audit: facts in, findings out. */
export { accepted, idleWaivers, type Sayings } from "./accepted.ts";
export { audit } from "./audit.ts";
export type { Context, Rule } from "./rule.ts";
export { RULES } from "./rules/index.ts";
