import { isDark, type QrModules, QUIET, svgPathOf } from "../../model/qr-code.ts";
import { createPrivateFile } from "../../service/private-file.ts";

const PNG_SCALE = 8;
const BLACK_ON_WHITE = "\u001b[30;107m";
const PLAIN = "\u001b[0m";

/** Block characters, two rows of modules in a line. */
export function drawQr(code: QrModules): string {
  let lines = "";
  for (let y = -QUIET; y < code.size + QUIET; y += 2) {
    let line = "";
    for (let x = -QUIET; x < code.size + QUIET; x++) {
      line += [" ", "▄", "▀", "█"][(isDark(code, x, y) ? 2 : 0) + (isDark(code, x, y + 1) ? 1 : 0)];
    }
    lines += `${BLACK_ON_WHITE}${line}${PLAIN}\n`;
  }
  return lines;
}

/** Writes a picture that was not there before, mode 0600: whoever sees it can answer for the other side. */
export async function writeQr(path: string, code: QrModules): Promise<void> {
  createPrivateFile(path, path.toLowerCase().endsWith(".png") ? await png(code) : svg(code));
}

function svg(code: QrModules): string {
  const side = code.size + 2 * QUIET;
  const box = `width="${side * PNG_SCALE}" height="${side * PNG_SCALE}" viewBox="0 0 ${side} ${side}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${box} shape-rendering="crispEdges"><rect width="100%" height="100%" fill="#fff"/><path d="${svgPathOf(code)}"/></svg>\n`;
}

async function png(code: QrModules): Promise<Uint8Array> {
  const { pngOf } = await import("./qr-picture.ts");
  const module = (at: number): number => Math.floor(at / PNG_SCALE) - QUIET;
  return pngOf((code.size + 2 * QUIET) * PNG_SCALE, (x, y) => isDark(code, module(x), module(y)));
}
