import type { Severity } from "../model/finding.ts";
import type { Report } from "../model/report.ts";
import { html } from "./html.ts";
import { json, jsonl } from "./json.ts";
import { junit } from "./junit.ts";
import { markdown } from "./markdown.ts";
import { sarif } from "./sarif.ts";
import { tty } from "./tty.ts";

/** The door to reports: what an audit found, as text in one of several formats. No word of a stranger does harm in any. */
export { chartsOf } from "./charts.ts";
export { failedOf, makeReport } from "./summary.ts";

export interface RenderOptions {
  /** What passed and what does not apply, too, and nothing cut. */
  all: boolean;
  /** Colours of a terminal. */
  color: boolean;
  /** From which severity on a CI server shows a failed test. */
  failOn: Severity | "never";
}

export const FORMATS = { tty, json, jsonl, sarif, junit, html, markdown } as const satisfies Record<
  string,
  (report: Report, options: RenderOptions) => string
>;
export type Format = keyof typeof FORMATS;
