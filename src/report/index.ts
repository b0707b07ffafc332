import type { Report } from "../model/report.ts";
import { html } from "./html.ts";
import { json, jsonl } from "./json.ts";
import { junit } from "./junit.ts";
import { markdown } from "./markdown.ts";
import type { FailOn } from "./outcome.ts";
import { sarif } from "./sarif.ts";
import { tty } from "./tty.ts";

/** The door to reports: what an audit found, as text in one of several formats. No word of a stranger does harm in any. */
export { type Card, cardSvg, cardsPage, codeTextOf } from "./card.ts";
export { chartsOf } from "./charts.ts";
export { exitCodeOf, type FailOn } from "./outcome.ts";
export { pseudonymousReport } from "./pseudonymous.ts";
export { pseudonymousFacts, pseudonymousPolicy } from "./pseudonymous-facts.ts";
export { Pseudonyms } from "./pseudonyms.ts";
export { makeReport } from "./summary.ts";
export { timeWords } from "./text.ts";

export interface RenderOptions {
  /** What passed and what does not apply, too, and nothing cut. */
  all: boolean;
  /** Colours of a terminal. */
  color: boolean;
  /** How wide the terminal is; 80 unless told. */
  columns?: number;
  /** From which severity on a CI server shows a failed test. */
  failOn: FailOn;
}

const formats = { tty, json, jsonl, sarif, junit, html, markdown };
export type Format = keyof typeof formats;
export const FORMATS: Record<Format, (report: Report, options: RenderOptions) => string> = formats;
