import { median } from "./measure.ts";

/** One line of the report: our figure, the floor's of the same rounds, and what their ratio has to be. */
export interface Figure {
  name: string;
  unit: "ms" | "/s" | "MB" | "MB/s" | "";
  values: number[];
  floor: number[];
  /** Median of the rounds' own ratios. */
  ratio: number;
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
    `${figure.ratio.toFixed(2)} ×`,
    bar(figure),
    verdict(figure),
  ]);
  return [["", "Sotto", "floor", "ratio", "bar", ""], Array(6).fill("-"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function bar({ atMost, atLeast }: Figure): string {
  if (atMost !== undefined) return `≤ ${atMost}`;
  return atLeast === undefined ? "" : `≥ ${atLeast}`;
}

function verdict({ ratio, atMost = Number.POSITIVE_INFINITY, atLeast = 0 }: Figure): string {
  if (ratio <= atMost && ratio >= atLeast)
    return atMost === Number.POSITIVE_INFINITY && atLeast === 0 ? "" : "met";
  const near = ratio <= atMost * (1 + NOISE) && ratio >= atLeast * (1 - NOISE);
  return near ? "missed, within the noise" : "MISSED";
}

const short = (value: number): string => value.toPrecision(value < 100 ? 2 : 3);
