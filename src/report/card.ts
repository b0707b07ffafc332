import { groupsOfFour } from "../model/fingerprint.ts";
import type { UserId } from "../model/ids.ts";
import { type QrModules, QUIET, svgPathOf } from "../model/qr-code.ts";
import { htmlPage } from "./html-page.ts";
import { text } from "./html-text.ts";
import { plain } from "./text.ts";

/** What people compare by another way than Matrix. Nothing on it is secret. */
export interface Card {
  userId: UserId;
  name: string | null;
  /** The public part of the identity's master key, unpadded base64. */
  masterKey: string;
  /** The user ID, a blank and the master key. */
  code: QrModules;
  /** How it is compared, in the operator's words. */
  outOfBand: string | null;
}

/** What a card's code says, for phones that only show text. */
export const codeTextOf = ({ userId, masterKey }: Pick<Card, "userId" | "masterKey">): string =>
  `${plain(userId)} ${masterKey}`;

/** Where the same key can be seen; docs/decisions/0035 says how that was found. */
export const SHOWN_BY = [
  "Shown as the master key by: Element Android (the classic app: Security & Privacy, Cross-Signing), gomuks web",
  "(in a user's panel, over the line about trust), and sotto devices. The session key of Element and the public",
  "key of FluffyChat are of one device, and others. Where no client shows it: sotto verify, and compare emoji.",
];

const WIDTH = 720;
const MARGIN = 24;
const CODE = 190;
const TEXT = WIDTH - CODE - 3 * MARGIN;
const SANS = "system-ui, sans-serif";
const MONO = "ui-monospace, monospace";
/** Longer names are cut: the user ID is what counts, and stands there whole. */
const NAME = 30;
const GROUPS_IN_A_LINE = 6;

interface Row {
  words: string;
  /** Height of the letters. */
  size: number;
  font?: typeof MONO;
  isBold?: true;
  isWide?: true;
}

/** One card as an SVG picture of its own. Whatever somebody is called stays in its line. */
export function cardSvg(card: Card): string {
  const beside = besideCode(card);
  const below = belowCode(card);
  let y = MARGIN;
  const place = (row: Row): string => {
    const height = Math.round(row.size * 1.6);
    const drawn = rowSvg(row, y, height);
    y += height;
    return drawn;
  };
  const upper = beside.map(place);
  y = Math.max(y, CODE + 2 * MARGIN);
  const lower = below.map(place);
  const height = y + MARGIN;
  const { size } = card.code;
  const side = size + 2 * QUIET;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="${SANS}">`,
    `<rect x="1" y="1" width="${WIDTH - 2}" height="${height - 2}" rx="12" fill="#fff" stroke="#000"/>`,
    `<svg x="${WIDTH - CODE - MARGIN}" y="${MARGIN}" width="${CODE}" height="${CODE}" viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges"><path d="${svgPathOf(card.code)}"/></svg>`,
    ...[...upper, ...lower],
    "</svg>",
  ].join("\n");
}

function besideCode({ userId, name, masterKey }: Card): Row[] {
  const groups = groupsOfFour(masterKey).split(" ");
  const lines = [groups.slice(0, GROUPS_IN_A_LINE), groups.slice(GROUPS_IN_A_LINE)];
  return [
    ...(name === null ? [] : [{ words: plain(cut(name, NAME)), size: 22, isBold: true as const }]),
    ...inLines(plain(userId), 44).map((words) => ({ words, size: 15, font: MONO }) as const),
    { words: "Master key (ed25519)", size: 13 },
    ...lines.map((line) => ({ words: line.join(" "), size: 21, font: MONO, isBold: true }) as const),
  ];
}

const belowCode = ({ outOfBand }: Card): Row[] => [
  ...(outOfBand === null ? [] : inWords(plain(outOfBand), 80)).map(
    (words) => ({ words, size: 14, isWide: true }) as const,
  ),
  ...SHOWN_BY.map((words) => ({ words, size: 11, isWide: true }) as const),
];

/** A window of its own: letters that stack or run on do not reach what stands beside. */
function rowSvg({ words, size, font, isBold, isWide }: Row, y: number, height: number): string {
  const width = isWide ? WIDTH - 2 * MARGIN : TEXT;
  const look = `font-size="${size}"${font ? ` font-family="${font}"` : ""}${isBold ? ' font-weight="700"' : ""}`;
  return `<svg x="${MARGIN}" y="${y}" width="${width}" height="${height}" overflow="hidden"><text x="0" y="${Math.round(height * 0.72)}" ${look} direction="ltr" unicode-bidi="isolate" xml:space="preserve">${text(words)}</text></svg>`;
}

/** Letters of the East take the room of two. */
const widthOf = (words: string): number =>
  [...words].reduce((sum, letter) => sum + (letter.codePointAt(0)! >= 0x1100 ? 2 : 1), 0);

const cut = (words: string, most: number): string =>
  widthOf(words) > most ? `${inLines(words, most - 1)[0]}…` : words;

/** Pieces of a width. */
function inLines(words: string, most: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const letter of words) {
    if (widthOf(line) + widthOf(letter) > most) {
      lines.push(line);
      line = "";
    }
    line += letter;
  }
  return [...lines, line];
}

/** The same, broken between words where that can be done. */
function inWords(words: string, most: number): string[] {
  const lines: string[] = [""];
  for (const word of words.split(" ").flatMap((long) => inLines(long, most))) {
    const line = lines.at(-1)!;
    if (line === "") lines[lines.length - 1] = word;
    else if (widthOf(line) + 1 + widthOf(word) <= most) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; } figure { margin: 0 0 1.5rem; break-inside: avoid; } svg { max-width: 100%; height: auto; }
@media print { body { margin: 0; max-width: none; } }
`;

/** All cards of a team on one page, to be printed: no script, nothing loaded. */
export function cardsPage(team: string, cards: readonly Card[]): string {
  const title = `Keys of ${team}`;
  const figures = cards.map((card) => `<figure>${cardSvg(card)}</figure>`);
  return htmlPage({ title, style: STYLE, body: [`<h1>${text(title)}</h1>`, ...figures].join("\n") });
}
