import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sniffAudio } from "../../src/audio/index.ts";
import { describeWithFfmpeg, record } from "./with-ffmpeg.ts";

const bytes = (latin1: string): Buffer => Buffer.from(latin1, "latin1");
const oggPage = (codecHeader: string): Buffer =>
  Buffer.concat([bytes("OggS"), Buffer.alloc(24), bytes(codecHeader)]);

describe("sniffAudio", () => {
  it.each([
    [oggPage("OpusHead"), "audio/ogg", "ogg"],
    [oggPage("\x01vorbis"), "audio/ogg", "ogg"],
    [oggPage("???"), "audio/ogg", "ogg"],
    [bytes("RIFF\0\0\0\0WAVEfmt "), "audio/wav", "wav"],
    [bytes("RIFF\0\0\0\0AVI LIST"), "application/octet-stream", "bin"],
    [bytes("fLaC"), "audio/flac", "flac"],
    [bytes("\0\0\0\x1cftypM4A "), "audio/mp4", "m4a"],
    [bytes("caff\0\x01"), "audio/x-caf", "caf"],
    [bytes("#!AMR\n"), "audio/amr", "amr"],
    [bytes("#!AMR-WB\n"), "audio/amr-wb", "awb"],
    [bytes("ID3\x04"), "audio/mpeg", "mp3"],
    [bytes("\xff\xfb\x90"), "audio/mpeg", "mp3"],
    [bytes("\xff\xf1\x50"), "audio/aac", "aac"],
    [bytes("\xff\xff\xff"), "application/octet-stream", "bin"],
    [bytes("<html>"), "application/octet-stream", "bin"],
    [bytes(""), "application/octet-stream", "bin"],
  ])("names %#: %s", (content, mimetype, extension) => {
    expect(sniffAudio(content)).toMatchObject({ mimetype, extension });
  });

  it("tells the codec in Ogg", () => {
    expect(sniffAudio(oggPage("OpusHead")).codec).toBe("opus");
    expect(sniffAudio(oggPage("\x01vorbis")).codec).toBe("vorbis");
    expect(sniffAudio(oggPage("???"))).not.toHaveProperty("codec");
  });

  it("gives an extension that is safe in a name, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (content) => {
        expect(sniffAudio(content).extension).toMatch(/^[a-z0-9]+$/);
      }),
    );
  });
});

describeWithFfmpeg("recordings of ffmpeg", () => {
  it.each([
    ["wav", "audio/wav"],
    ["mp3", "audio/mpeg"],
    ["flac", "audio/flac"],
    ["m4a", "audio/mp4"],
    ["webm", "audio/webm"],
    ["mka", "audio/x-matroska"],
    ["ogg", "audio/ogg"],
    ["aac", "audio/aac"],
    ["caf", "audio/x-caf"],
    ["aiff", "audio/aiff"],
    ["au", "audio/basic"],
  ])("knows .%s", async (extension, mimetype) => {
    const path = await record(`tone.${extension}`, "sine=duration=0.1");
    expect(sniffAudio(await readFile(path))).toMatchObject({ mimetype, extension });
  });
});
