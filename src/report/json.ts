import type { Report } from "../model/report.ts";
import { printable } from "../printable.ts";
import { shownOf } from "./order.ts";
import { isoTime } from "./text.ts";

/** Of `docs/audit.schema.json`: raised when a reader of the old form would misread the new one. */
export const SCHEMA_VERSION = 1;

/** One JSON document, in the form of `docs/audit.schema.json`. */
export const json = (report: Report, { all }: { all: boolean }): string =>
  line({ ...head(report), findings: shownOf(report, all) });

/** The same as JSON Lines: the summary first, then a line for each finding. */
export const jsonl = (report: Report, { all }: { all: boolean }): string =>
  [
    line({ kind: "summary", ...head(report) }),
    ...shownOf(report, all).map((finding) => line({ kind: "finding", ...finding })),
  ].join("");

function head({ version, collectedMs, by, homeserver, scope, counts, summary }: Report) {
  const collectedAt = isoTime(collectedMs);
  return {
    schemaVersion: SCHEMA_VERSION,
    tool: { name: "sotto", version },
    collectedMs,
    ...(collectedAt !== undefined && { collectedAt }),
    ...{ by, homeserver, scope, counts, summary },
  };
}

/** Whoever looks at it in a terminal is not led astray, and whoever parses it gets each string as it was. */
const line = (value: unknown): string => `${printable(JSON.stringify(value))}\n`;
