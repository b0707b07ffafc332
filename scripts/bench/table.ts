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
  growth?: number;
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
    figure.growth === undefined
      ? `${figure.ratio.toFixed(2)} ×`
      : `${short(figure.growth)} ${figure.unit} more`,
    bar(figure),
    verdict(figure),
  ]);
  return [["", "Sotto", "floor", "ratio", "bar", ""], Array(6).fill("-"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function bar({ atMost, atLeast, growth, unit }: Figure): string {
  if (atMost !== undefined) return `≤ ${atMost}${growth === undefined ? "" : ` ${unit}`}`;
  return atLeast === undefined ? "" : `≥ ${atLeast}`;
}

function verdict({ ratio, growth, atMost = Number.POSITIVE_INFINITY, atLeast = 0 }: Figure): string {
  const value = growth ?? ratio;
  if (value <= atMost && value >= atLeast)
    return atMost === Number.POSITIVE_INFINITY && atLeast === 0 ? "" : "met";
  const near = value <= atMost * (1 + NOISE) && value >= atLeast * (1 - NOISE);
  return near ? "missed, within the noise" : "MISSED";
}

const short = (value: number): string => value.toPrecision(value < 100 ? 2 : 3);
