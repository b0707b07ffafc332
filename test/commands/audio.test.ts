import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readOpusStream } from "../../src/audio/ogg.ts";
import { describeWithFfmpeg, folder, record, run } from "../audio/with-ffmpeg.ts";
import { MINIMAL, writeConfig } from "../support/config.ts";
import { errorOf, sotto } from "../support/sotto.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const SPOKEN = join(import.meta.dirname, "../../samples/hello.flac");
const READY = join(import.meta.dirname, "../../samples/hello.ogg");

async function examined(args: string[], input?: Uint8Array): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await sotto(["audio", ...args, "--json"], input ? { input } : {});
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** What ffmpeg itself measures. */
async function loudness(path: string): Promise<number> {
  const said = await run("-hide_banner", "-i", path, "-af", "ebur128", "-f", "null", "-");
  return Number(/I:\s+(-[\d.]+) LUFS(?![\s\S]*I:)/.exec(said)?.[1]);
}

describeWithFfmpeg("sotto audio", () => {
  it("says what a recording is, by a file and by standard input, without config or account", async () => {
    const found = {
      container: "flac",
      codec: "flac",
      sampleRate: 12_000,
      channels: "mono",
      durationMs: 10_000,
      fastPath: false,
      encodedBecause: expect.stringContaining("not Opus"),
    };
    const byFile = await examined([SPOKEN]);
    expect(byFile).toMatchObject(found);
    expect(byFile.waveform).toHaveLength(100);
    expect(Math.abs(Number(byFile.loudnessLufs) - (await loudness(SPOKEN)))).toBeLessThan(0.1);
    expect(await examined(["-"], readFileSync(SPOKEN))).toEqual(byFile);
  });

  it.each([
    ["stereo.wav", ["-ac", "2"], { container: "wav", codec: "pcm_s16le", channels: "stereo" }],
    ["index-at-end.m4a", ["-ar", "44100"], { container: "m4a", codec: "aac", sampleRate: 44_100 }],
    ["browser.webm", ["-c:a", "libopus"], { container: "webm", codec: "opus", sampleRate: 48_000 }],
  ])("knows %s by its content, as a file and as a stream", async (name, options, found) => {
    const path = await record(name, "sine=duration=1", ...options);
    expect(await examined([path])).toMatchObject(found);
    expect(await examined(["-"], readFileSync(path))).toMatchObject(found);
  });

  it("says that a clip that is ready keeps its packets, and why another does not", async () => {
    expect(await examined([READY])).toMatchObject({ container: "ogg", codec: "opus", fastPath: true });
    const stereo = await record("stereo.ogg", "sine=duration=1", "-ac", "2", "-c:a", "libopus");
    expect(await examined([stereo])).toMatchObject({
      codec: "opus",
      fastPath: false,
      encodedBecause: "its Opus stream has 2 channels",
    });
  });

  it("has no loudness for silence", async () => {
    const silence = await record("silence.wav", "anullsrc=d=1:r=8000:cl=mono");
    expect(await examined([silence])).toMatchObject({ loudnessLufs: null, clipLoudnessLufs: null });
  });

  it("keeps what would be sent, for its owner only, and never in place of a file", async () => {
    const out = join(temporaryDirectory(), "clip.ogg");
    const { size, durationMs } = await examined([SPOKEN, "--out", out]);
    const clip = readFileSync(out);
    expect(clip.length).toBe(size);
    expect(readOpusStream(clip).samples).toBe(48 * Number(durationMs));
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(errorOf(await sotto(["audio", SPOKEN, "--out", out, "--json"]))).toMatchObject({
      code: "FILE_EXISTS",
      exitCode: 2,
    });
    expect(readFileSync(out)).toEqual(clip);
  });

  it("goes by the config where there is one", async () => {
    const small = writeConfig(`${MINIMAL}audio:\n  bitrate: 8\n`);
    const { size } = await examined([SPOKEN, "--config", small]);
    expect(Number(size)).toBeLessThan(20_000);
  });

  it("takes care of the sound where a flag or the config asks for it", async () => {
    const byFlag = await examined([SPOKEN, "--loudness", "-30", "--trim-silence", "--high-pass", "80"]);
    expect(Math.abs(Number(byFlag.clipLoudnessLufs) + 30)).toBeLessThan(1);
    expect(Number(byFlag.durationMs)).toBeLessThan(9_500);
    const yaml = `${MINIMAL}audio:\n  loudness: -30\n  trimSilence: true\n  highPass: 80\n`;
    const byConfig = await examined([SPOKEN, "--config", writeConfig(yaml)]);
    expect(byConfig).toMatchObject({ durationMs: byFlag.durationMs, waveform: byFlag.waveform });
    const wrong = await sotto(["audio", SPOKEN, "--loudness", "loud", "--json"]);
    expect(errorOf(wrong)).toMatchObject({ code: "USAGE", exitCode: 2 });
  });

  it("draws the waveform for a person", async () => {
    const { code, stdout } = await sotto(["audio", SPOKEN]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^found {2}flac, flac, 12000 Hz, mono, -20\.\d LUFS$/m);
    expect(stdout).toMatch(/[▁▂▃▄▅▆▇█]{50} {2}0:10$/m);
    expect(stdout).toContain("encoded anew, because it is not Opus");
  });

  it("makes nothing of what is no recording", async () => {
    const out = join(folder, "nothing.ogg");
    const letter = Buffer.from("Dear Bob, this is a letter. ".repeat(50));
    const error = errorOf(await sotto(["audio", "-", "--out", out, "--json"], { input: letter }));
    expect(error).toMatchObject({ code: "AUDIO_NOT_AUDIO", exitCode: 2 });
    expect(() => statSync(out)).toThrow("ENOENT");
  });
});

describe("sotto audio without ffmpeg", () => {
  const env = { PATH: join(folder, "no-programs"), SOTTO_FFMPEG: undefined };

  it("knows a clip that is ready, but not how loud it is", async () => {
    const { stdout } = await sotto(["audio", READY, "--json"], { env });
    expect(JSON.parse(stdout)).toMatchObject({ codec: "opus", fastPath: true, loudnessLufs: null });
  });

  it("says how to get one for any other", async () => {
    expect(errorOf(await sotto(["audio", SPOKEN, "--json"], { env }))).toMatchObject({
      code: "FFMPEG_MISSING",
    });
  });
});
