import { parseDocument } from "yaml";

// What a file means to a program in Python that reads it with PyYAML, which follows YAML 1.1: `off` is false there.

export type Section = Readonly<Record<string, unknown>>;

/** Names the key, and never what stands there: it may be a secret. */
export class NotUnderstood extends Error {}

/** The map that a text is; undefined for an empty text or one that is no map. @throws NotUnderstood */
export function readMap(text: string): Section | undefined {
  const document = parseDocument(text, { version: "1.1", uniqueKeys: false, prettyErrors: true });
  const [fault] = document.errors;
  if (fault) throw new NotUnderstood(`line ${fault.linePos?.[0].line ?? "?"} is no YAML`);
  let value: unknown;
  try {
    value = document.toJS();
  } catch {
    throw new NotUnderstood("its aliases cannot be resolved");
  }
  return isSection(value) ? value : undefined;
}

const isSection = (value: unknown): value is Section =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What stands at a key. A key with nothing behind it is there, and says null. */
export const at = (section: Section, key: string, fallback: unknown = null): unknown =>
  Object.hasOwn(section, key) ? section[key] : fallback;

/** The map at a key; empty where there is none, or nothing in it. */
export function sectionAt(section: Section, key: string): Section {
  const value = at(section, key);
  if (isSection(value)) return value;
  if (isTrue(value)) throw new NotUnderstood(`${key} is no map`);
  return {};
}

/** The list at a key. */
export function listAt(section: Section, key: string): readonly unknown[] {
  const value = at(section, key, []) ?? [];
  if (Array.isArray(value)) return value;
  throw new NotUnderstood(`${key} is no list`);
}

/** Truth as Python has it: 0, "" and what is empty are false, and any other text is true, `no` in quotes as well. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isSection(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** A value that is neither a map nor a list, as text. @throws NotUnderstood */
export function textOf(value: unknown, key: string): string {
  if (typeof value === "object" && value !== null) throw new NotUnderstood(`${key} is no text`);
  return String(value);
}

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  y: 365 * 86_400_000,
};

/** `7d`, or a number of milliseconds; null where nothing is said. */
export function durationAt(section: Section, key: string, fallback: string | null = null): number | null {
  const value = at(section, key, fallback);
  if (value === null) return null;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  const [, digits, unit] = /^([-+]?\d+)([smhdwy]?)$/.exec(typeof value === "string" ? value : "") ?? [];
  const ms = Number(digits) * (unit ? UNIT_MS[unit]! : 1);
  if (!Number.isSafeInteger(ms)) throw new NotUnderstood(`${key} is no duration`);
  return ms;
}

export function numberAt(section: Section, key: string, fallback: number): number {
  const value = at(section, key, fallback);
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new NotUnderstood(`${key} is no number`);
}
