import { median } from "./measure.ts";

/** One line of the report: our figure, the floor's of the same rounds, and what their ratio has to be. */
export interface Figure {
  name: string;
  unit: "ms" | "/s" | "MB" | "MB/s" | "";
  values: number[];
  floor: number[];
  /** Median of the rounds' own ratios. */
  ratio: number;
  /** What is held against the bar in place of the ratio, in the figure's unit. */
  difference?: number;
  atMost?: number | undefined;
  atLeast?: number | undefined;
}

/** Differences below this are the machine's. */
const NOISE = 0.15;

export function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    `${short(median(figure.values))} ${figure.unit}`,
    `${short(median(figure.floor))} ${figure.unit}`,
    figure.difference === undefined
      ? `${figure.ratio.toFixed(2)} ×`
      : `${short(figure.difference)} ${figure.unit}`,
    bar(figure),
    verdict(figure),
  ]);
  return [["", "Sotto", "floor", "ratio", "bar", ""], Array(6).fill("-"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function bar({ atMost, atLeast, difference, unit }: Figure): string {
  if (atMost !== undefined) return `≤ ${atMost}${difference === undefined ? "" : ` ${unit}`}`;
  return atLeast === undefined ? "" : `≥ ${atLeast}`;
}

function verdict({ ratio, difference, atMost, atLeast }: Figure): string {
  if (atMost === undefined && atLeast === undefined) return "";
  const value = difference ?? ratio;
  const [least, most] = [atLeast ?? Number.NEGATIVE_INFINITY, atMost ?? Number.POSITIVE_INFINITY];
  if (value <= most && value >= least) return "met";
  const near = value <= most * (1 + NOISE) && value >= least * (1 - NOISE);
  return near ? "missed, within the noise" : "MISSED";
}

const short = (value: number): string => value.toPrecision(value < 100 ? 2 : 3);
