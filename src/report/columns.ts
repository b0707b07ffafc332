/** Of a terminal that does not say how wide it is. */
export const COLUMNS = 80;

const CODE = /\p{Cc}\[\d+m/u;
const ZERO = /^[\p{Mn}\p{Me}]$/u;
/**
 * What takes two columns: East_Asian_Width W and F (https://www.unicode.org/reports/tr11/), by blocks, and every emoji.
 * In doubt two: a line that is too short does no harm.
 */
const WIDE =
  /^(?:[\u1100-\u115f\u231a\u231b\u2329\u232a\u2e80-\u303e\u3041-\u4dff\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe10-\ufe1f\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16f00}-\u{18fff}\u{1aff0}-\u{1b2ff}\u{1d300}-\u{1d37f}\u{1f000}-\u{1faff}\u{20000}-\u{3ffff}]|\p{Emoji_Presentation})$/u;
/** Makes a picture of the character before it, which is wider by one then. */
const AS_PICTURE = "\ufe0f";

/** Codes of colours, and characters. */
const piecesOf = (text: string): string[] => text.match(/\p{Cc}\[\d+m|./gsu) ?? [];

const widthOfPiece = (piece: string): number => {
  if (piece === AS_PICTURE) return 1;
  if (CODE.test(piece) || ZERO.test(piece)) return 0;
  return WIDE.test(piece) ? 2 : 1;
};

/** How many columns a line takes on a terminal; its control characters are those of colours only. */
export const widthOf = (text: string): number =>
  piecesOf(text).reduce((width, piece) => width + widthOfPiece(piece), 0);

/** Somebody's name in so many columns at most. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let shown = "";
  for (const piece of piecesOf(text)) {
    if (widthOf(shown + piece) > columns - 1) break;
    shown += piece;
  }
  return `${shown}…`;
}

/** One line as several that are no wider, at spaces where there are any; further ones stand a little to the right. */
export function wrapped(line: string, columns: number): string[] {
  const indent = " ".repeat(Math.min(line.search(/[^ ]|$/) + 2, columns >> 1));
  const lines: string[] = [];
  let current = "";
  let width = 0;
  let space = 0;
  for (const piece of piecesOf(line)) {
    const wide = widthOfPiece(piece);
    while (width + wide > columns) {
      const at = space > 0 ? space : current.length;
      lines.push(current.slice(0, at).trimEnd());
      current = indent + current.slice(at).trimStart();
      width = widthOf(current);
      space = 0;
    }
    current += piece;
    width += wide;
    // what comes after a space further left than the indent would be no shorter on a line of its own
    if (piece === " " && width >= indent.length && current.trim() !== "") space = current.length;
  }
  return [...lines, current.trimEnd()];
}
