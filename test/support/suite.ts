import { randomBytes } from "node:crypto";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";
import type { SuiteSynapse } from "../e2e/setup.ts";

// What the end-to-end suite remembers until it is over, for the search that comes last. In other suites, nothing is kept.

/** The end-to-end suite's; undefined in any other. */
export const suite = (): SuiteSynapse | undefined => inject("synapse") as SuiteSynapse | undefined;

/** - `secret`: never in anything that Sotto writes; `person`: never in a log line. */
export type Kind = "secret" | "person";

/** These must not be found afterwards. */
export function remember(kind: Kind, ...values: string[]): void {
  const file = suite()?.unspoken;
  for (const value of values) if (file) appendFileSync(file, `${JSON.stringify([kind, value])}\n`);
}

/** A name for what one process writes to standard error. */
export const newLog = (): string => `${randomBytes(6).toString("hex")}.log`;

/** Keeps what a process has written, its log at debug level included. */
export function keepLog(name: string, text: string): void {
  const folder = suite()?.logs;
  if (folder && text !== "") appendFileSync(join(folder, name), text);
}
