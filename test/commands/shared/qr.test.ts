import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encode as encodeJpeg } from "jpeg-js";
import { PNG } from "pngjs";
import encodeQr from "qr";
import { describe, expect, it } from "vitest";
import { codeOf as codeOfText } from "../../../src/commands/shared/qr-picture.ts";
import { qrInFile, qrInText } from "../../../src/commands/shared/qr-scan.ts";
import { drawQr, writeQr } from "../../../src/commands/shared/qr-show.ts";
import type { QrModules } from "../../../src/model/qr-code.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

/** Every byte that there is: what a decoder takes for text comes back changed. */
const BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

function codeOf(bytes: Buffer): QrModules {
  const textEncoder = (text: string) => Buffer.from(text, "latin1");
  const rows = encodeQr(bytes.toString("latin1"), "raw", { encoding: "byte", textEncoder, border: 1 });
  const inner = rows.slice(1, -1).map((row) => row.slice(1, -1));
  return { size: inner.length, modules: Uint8Array.from(inner.flat().map(Number)) };
}

/** The same picture as a JPEG, with what a camera does to it. */
function photograph(png: string, jpeg: string): void {
  const { width, height, data } = PNG.sync.read(readFileSync(png));
  const dimmed = data.map((value, at) => (at % 4 === 3 ? 255 : 40 + value * 0.6 + Math.random() * 20));
  writeFileSync(jpeg, encodeJpeg({ width, height, data: Buffer.from(dimmed) }, 60).data);
}

describe("a QR code that we show", () => {
  it("as PNG is read again byte for byte, also from a poor JPEG of it; nobody else can open the file", async () => {
    const folder = temporaryDirectory();
    const [png, jpeg] = [join(folder, "code.png"), join(folder, "code.jpg")];
    await writeQr(png, codeOf(BYTES));
    expect(statSync(png).mode & 0o777).toBe(0o600);
    expect(Buffer.from(await qrInFile(png)).equals(BYTES)).toBe(true);
    photograph(png, jpeg);
    expect(Buffer.from(await qrInFile(jpeg)).equals(BYTES)).toBe(true);
  });

  it("as SVG holds every dark module once, on white, with a quiet zone of four", async () => {
    const path = join(temporaryDirectory(), "code.svg");
    const code = codeOf(Buffer.from("a small code"));
    await writeQr(path, code);
    const svg = readFileSync(path, "utf8");
    const drawn = [...svg.matchAll(/M(\d+) (\d+)h1v1h-1z/g)].map(([, x, y]) => [
      Number(x) - 4,
      Number(y) - 4,
    ]);
    expect(drawn).toHaveLength(code.modules.reduce((sum, dark) => sum + dark, 0));
    expect(drawn.every(([x, y]) => code.modules[y! * code.size + x!] === 1)).toBe(true);
    expect(svg).toContain(`viewBox="0 0 ${code.size + 8} ${code.size + 8}"`);
    expect(svg).toContain('fill="#fff"');
  });

  it("in the terminal is black on white, two rows in a line", () => {
    const code = { size: 3, modules: Uint8Array.from([1, 0, 1, 0, 1, 0, 1, 1, 1]) };
    const [begin, end] = ["\u001b[30;107m", "\u001b[0m"];
    const coloured = drawQr(code).trimEnd().split("\n");
    expect(coloured.every((line) => line.startsWith(begin) && line.endsWith(end))).toBe(true);
    const lines = coloured.map((line) => line.slice(begin.length, -end.length));
    expect(lines).toEqual([
      " ".repeat(11),
      " ".repeat(11),
      "    ▀▄▀    ",
      "    ▀▀▀    ",
      " ".repeat(11),
      " ".repeat(11),
    ]);
  });

  it("does not replace a file that is there", async () => {
    const path = join(temporaryDirectory(), "code.svg");
    writeFileSync(path, "mine");
    await expect(writeQr(path, codeOf(BYTES))).rejects.toMatchObject({ code: "FILE_EXISTS" });
  });
});

describe("a picture that is none, or holds no code", () => {
  it.each([
    ["without a code", blank()],
    ["cut off", blank().subarray(0, 60)],
    ["of a million million pixels", huge()],
    ["a damaged JPEG", Buffer.from("ffd8ffe000104a46494600", "hex")],
    ["a GIF", Buffer.from("GIF89a")],
    ["empty", Buffer.alloc(0)],
  ])("%s", async (_what, bytes) => {
    const path = join(temporaryDirectory(), "picture");
    writeFileSync(path, bytes);
    await expect(qrInFile(path)).rejects.toMatchObject({ code: "QR_UNREADABLE", exitCode: 2 });
  });

  it("that is not there, or a folder", async () => {
    const folder = temporaryDirectory();
    for (const path of [join(folder, "none.png"), folder]) {
      await expect(qrInFile(path)).rejects.toMatchObject({ code: "QR_UNREADABLE" });
    }
  });
});

describe("pasted text", () => {
  it("is base64 in either alphabet, padded or not, over several lines", () => {
    const base64 = BYTES.toString("base64");
    for (const text of [
      base64,
      base64.replaceAll("=", ""),
      BYTES.toString("base64url"),
      `\n${base64.slice(0, 9)} \n${base64.slice(9)}`,
    ]) {
      expect(Buffer.from(qrInText(text)).equals(BYTES)).toBe(true);
    }
  });

  it.each(["", "   ", "%%%%", "abc!", "TUFUUklYA", "not base64 at all?"])("%j is refused", (text) => {
    expect(() => qrInText(text)).toThrow("not base64");
  });
});

function blank(): Buffer {
  const picture = new PNG({ width: 120, height: 120 });
  picture.data.fill(255);
  return PNG.sync.write(picture);
}

/** The sizes stand at bytes 16 and 20. */
function huge(): Buffer {
  const picture = Buffer.from(blank());
  picture.writeUInt32BE(1_000_000, 16);
  picture.writeUInt32BE(1_000_000, 20);
  return picture;
}

it("a card's code says its text to whatever reads codes", async () => {
  const text = "@alice:example.org fnW9Ys8Bq0Jr7sM1kQz3VdXhC5tLpA2gU6oIwEyRbTk";
  const path = join(temporaryDirectory(), "code.png");
  await writeQr(path, codeOfText(text));
  expect(Buffer.from(await qrInFile(path)).toString()).toBe(text);
});
