import type { Writable } from "node:stream";
import { SottoError, toSottoError } from "../../errors.ts";
import { printable } from "../../printable.ts";
import type { Context } from "./context.ts";

/** Data: one JSON document. */
export function printJson(context: Context, value: unknown): void {
  printText(context, JSON.stringify(value));
}

/** Data for a person or a script: standard output, one line. */
export function printText(context: Context, line: string): void {
  context.stdout.write(`${printable(line)}\n`);
}

/** Words: standard error, one line. */
export function say(context: Context, line: string): void {
  context.stderr.write(`${printable(line)}\n`);
}

/** An error as the command line's contract has it; gives the exit code. */
export function printError(stderr: Writable, thrown: unknown, json: boolean): number {
  const error = toSottoError(thrown);
  const { code, message, cause, cure } = error.toJSON();
  if (json) {
    const document = JSON.stringify({ code, message, ...(cause ? { cause } : {}), cure });
    stderr.write(`${printable(document)}\n`);
  } else {
    stderr.write(`sotto: ${indented(message)} (${code})\n`);
    if (cause && cause !== message) stderr.write(`  cause: ${indented(cause)}\n`);
    stderr.write(`  cure:  ${indented(cure)}\n`);
  }
  return error.exitCode;
}

/** A config has a line for each fault; further lines stand below the first, and never look like one of ours. */
const indented = (text: string): string => text.split("\n").map(printable).join("\n         ");

/** `1:05` for 65,000 ms; `0.4 s` below ten seconds. */
export function spokenDuration(durationMs: number): string {
  if (durationMs < 10_000) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** One line for each who was left out of a send. */
export const namedWithheld = (
  withheld: readonly { userId: string; deviceId: string | null; code: string }[],
): string[] =>
  withheld.map(
    ({ userId, deviceId, code }) => `  not ${[userId, deviceId].filter(Boolean).join(" ")}: ${code}`,
  );

const BARS = "▁▂▃▄▅▆▇█";

/** A waveform as a line of bars, `width` characters wide. */
export function drawWaveform(waveform: readonly number[], width = 50): string {
  return Array.from({ length: width }, (_, column) => {
    const from = Math.floor((column * waveform.length) / width);
    const to = Math.max(from + 1, Math.floor(((column + 1) * waveform.length) / width));
    const peak = Math.max(0, ...waveform.slice(from, to));
    return BARS[Math.min(BARS.length - 1, Math.floor((peak / 1024) * BARS.length))];
  }).join("");
}

/** Parses a whole number from the command line. */
export function wholeNumber(text: string, flag: string, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new SottoError("USAGE", `${flag} takes a whole number, not "${text}"`);
  if (value > most) throw new SottoError("USAGE", `${flag} takes at most ${most}, not ${text}`);
  return value;
}
