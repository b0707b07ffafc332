/** A QR code's modules row by row, 1 for a dark one. */
export interface QrModules {
  size: number;
  modules: Uint8Array;
}

/** ISO/IEC 18004: four light modules around. */
export const QUIET = 4;

export const isDark = ({ size, modules }: QrModules, x: number, y: number): boolean =>
  x >= 0 && y >= 0 && x < size && y < size && modules[y * size + x] === 1;

/** The dark modules as the `d` of an SVG path, one unit each, with the quiet zone's width before them. */
export function svgPathOf(code: QrModules): string {
  let path = "";
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) if (isDark(code, x, y)) path += `M${x + QUIET} ${y + QUIET}h1v1h-1z`;
  }
  return path;
}
