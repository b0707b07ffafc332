import { SottoError } from "../errors.ts";

/** A JSON object whose members are not known yet. */
export type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isString = (value: unknown): value is string => typeof value === "string";

/** The strings of a list; anything else in it, or instead of it, is left out. */
export const stringsOf = (value: unknown): string[] => (Array.isArray(value) ? value.filter(isString) : []);

/** A member that the spec requires to be a string. @throws SottoError `HOMESERVER_ERROR` */
export function requireString(answer: unknown, member: string): string {
  const value = isObject(answer) ? answer[member] : undefined;
  if (isString(value) && value !== "") return value;
  throw new SottoError("HOMESERVER_ERROR", `the homeserver's answer lacks ${member}`);
}
