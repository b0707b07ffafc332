import { SEVERITIES } from "../model/finding.ts";
import type { Bar, Charts } from "../model/report.ts";
import { text } from "./html-text.ts";
import { timeWords } from "./text.ts";

const WIDTH = 640;
const ROW = 24;
const LABEL = 250;
const HIGH = 140;

/** Bars beside each other's labels, as SVG; colours are classes of the page's style. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const room = WIDTH - LABEL - 60;
  const height = bars.length * ROW + 8;
  const rows = bars.map(({ label, count, tone }, at) => {
    const y = at * ROW + 4;
    const width = count === 0 ? 0 : Math.max(2, Math.round((count / most) * room));
    return [
      `<text x="${LABEL - 8}" y="${y + 15}" class="label">${text(label)}</text>`,
      `<rect x="${LABEL}" y="${y + 3}" width="${width}" height="${ROW - 8}" class="${tone}"/>`,
      `<text x="${LABEL + width + 6}" y="${y + 15}">${count}</text>`,
    ].join("");
  });
  return figure(title, height, rows.join("\n"), describe(bars));
}

const describe = (bars: readonly Bar[]): string =>
  bars.map(({ label, count }) => `${label}: ${count}`).join("; ");

/** A column for each audit, its fails by severity upon each other. */
export function historyChart(title: string, history: Charts["history"]): string {
  const most = Math.max(
    1,
    ...history.map(({ failed }) => SEVERITIES.reduce((sum, key) => sum + failed[key], 0)),
  );
  const step = Math.min(40, WIDTH / Math.max(1, history.length));
  const columns = history.map(({ atMs, failed }, at) => {
    let y = HIGH;
    const parts = [...SEVERITIES].reverse().map((severity) => {
      const height = (failed[severity] / most) * (HIGH - 20);
      y -= height;
      return `<rect x="${rounded(at * step)}" y="${rounded(y)}" width="${rounded(step * 0.8)}" height="${rounded(height)}" class="${severity}"/>`;
    });
    const words = SEVERITIES.filter((key) => failed[key] > 0).map((key) => `${failed[key]} ${key}`);
    return `<g><title>${text(`${timeWords(atMs)}: ${words.join(", ") || "none"}`)}</title>${parts.join("")}</g>`;
  });
  const ends = [history.at(0), history.length > 1 ? history.at(-1) : undefined];
  const labels = ends.map((end, at) => {
    if (!end) return "";
    const place = at === 0 ? 'x="0"' : `x="${WIDTH}" class="label"`;
    return `<text ${place} y="${HIGH + 18}">${text(timeWords(end.atMs))}</text>`;
  });
  return figure(
    title,
    HIGH + 28,
    [...columns, ...labels].join("\n"),
    `${history.length} audits, at most ${most} fails`,
  );
}

const rounded = (value: number): number => Math.round(value * 10) / 10;

const figure = (title: string, height: number, inside: string, description: string): string =>
  `<figure><figcaption>${text(title)}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${text(description)}">
${inside}
</svg></figure>`;
