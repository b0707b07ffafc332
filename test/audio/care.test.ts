import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { measure } from "../../src/audio/index.ts";
import { clipOf } from "./clip.ts";
import { decode, describeWithFfmpeg, record } from "./with-ffmpeg.ts";

const SPOKEN = join(import.meta.dirname, "../../samples/hello.flac");
const READY = join(import.meta.dirname, "../../samples/hello.ogg");

const spoken = (name: string, filter: string): Promise<string> =>
  record(name, `amovie='${SPOKEN}',aresample=48000,${filter}`);

async function loudnessOf(bytes: Uint8Array): Promise<number> {
  return (await measure({ bytes })).loudnessLufs ?? Number.NEGATIVE_INFINITY;
}

async function peakOf(bytes: Uint8Array): Promise<number> {
  return (await decode(bytes)).reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
}

describeWithFfmpeg("loudness", () => {
  it.each([
    ["quiet voicemail", "volume=-30dB", -16],
    ["a loud announcement", "volume=12dB", -23],
    ["two seconds", "atrim=end=2,volume=-20dB", -20],
    ["stereo of which one side is silent", "volume=-10dB,pan=stereo|c0=c0", -18],
  ])("of %s is brought to what was asked for, as a file and as a stream", async (name, filter, asked) => {
    const path = await spoken(`${name}.wav`, filter);
    const { durationMs } = await clipOf({ path });
    for (const source of [{ path }, { stream: createReadStream(path) }]) {
      const clip = await clipOf(source, { care: { loudnessLufs: asked } });
      expect(Math.abs((await loudnessOf(clip.bytes)) - asked)).toBeLessThan(2); // what the limiter takes of speech
      expect(clip).toMatchObject({ durationMs, truncated: false });
    }
  });

  it.each([16_000, 32_000, 128_000])("clips nothing at %d bit/s", async (bitRate) => {
    const clicks = "volume='if(lt(mod(t,1),0.02),1,0.01)':eval=frame";
    for (const path of [
      await record("clicks.wav", `sine=frequency=100:duration=5:sample_rate=48000,volume=8,${clicks}`),
      await spoken("spoken.wav", "volume=-10dB"),
    ]) {
      const { bytes } = await clipOf({ path }, { bitRate, care: { loudnessLufs: -8 } });
      expect(await peakOf(bytes)).toBeLessThan(32_767);
    }
  });

  it("of silence stays what it is, and of what is as good as silent has an end", async () => {
    const nothing = await record("nothing.wav", "anullsrc=r=8000:cl=mono:d=2");
    const silent = await clipOf({ path: nothing }, { care: { loudnessLufs: -16 } });
    expect(silent.waveform).toEqual(Array(100).fill(0));
    const hiss = await record("hiss.wav", "anoisesrc=d=2:r=8000:a=0.0008");
    const { bytes } = await clipOf({ path: hiss }, { care: { loudnessLufs: -16 } });
    expect(await loudnessOf(bytes)).toBeLessThan(-24);
  });
});

describeWithFfmpeg("trimming silence", () => {
  const framed = (before: number, behind: number): string =>
    `sine=frequency=440:sample_rate=8000:duration=2,volume=4,adelay=${before * 1000},apad=pad_dur=${behind}`;

  it.each([
    [0, 0],
    [1.5, 0],
    [0, 3],
    [2, 30],
  ])("leaves the sound, with %d s before and %d s behind it", async (before, behind) => {
    const path = await record(`framed-${before}-${behind}.wav`, framed(before, behind));
    for (const source of [{ path }, { stream: createReadStream(path) }]) {
      const clip = await clipOf(source, { care: { trimSilence: true } });
      expect(clip.durationMs).toBeGreaterThanOrEqual(2000);
      expect(clip.durationMs).toBeLessThan(2400);
      expect(Math.abs((await decode(clip.bytes)).length - clip.durationMs * 48)).toBeLessThan(48);
      // the drawing is of what is left: no empty third
      expect(clip.waveform.filter((point) => point > 900).length).toBeGreaterThan(80);
    }
  });

  it("leaves pauses between words", async () => {
    const path = await spoken("pause.wav", "apad=pad_dur=5,aloop=loop=1:size=720000,atrim=end=29");
    const { durationMs } = await clipOf({ path }, { care: { trimSilence: true } });
    expect(durationMs).toBeGreaterThan(23_000);
    expect(durationMs).toBeLessThan(26_000);
  });

  it("finds the same silence where the sound is made louder", async () => {
    const path = await record("quiet.wav", `${framed(1, 2)},volume=-20dB`);
    const { durationMs } = await clipOf({ path }, { care: { trimSilence: true, loudnessLufs: -16 } });
    expect(durationMs).toBeGreaterThanOrEqual(2000);
    expect(durationMs).toBeLessThan(2400);
  });

  it("refuses to send nothing", async () => {
    const path = await record("silent.wav", "anullsrc=r=8000:cl=mono:d=2");
    await expect(clipOf({ path }, { care: { trimSilence: true } })).rejects.toMatchObject({
      code: "AUDIO_EMPTY",
    });
  });
});

describeWithFfmpeg("a high-pass", () => {
  it("takes the hum and leaves the voice", async () => {
    const level = async (frequency: number, highPassHz?: number): Promise<number> => {
      const path = await record(`${frequency}.wav`, `sine=frequency=${frequency}:duration=2,volume=4`);
      const { bytes } = await clipOf({ path }, highPassHz === undefined ? {} : { care: { highPassHz } });
      const samples = await decode(bytes);
      return 10 * Math.log10(samples.reduce((sum, sample) => sum + sample ** 2, 1) / samples.length);
    };
    expect((await level(50)) - (await level(50, 150))).toBeGreaterThan(15);
    expect(Math.abs((await level(1000)) - (await level(1000, 150)))).toBeLessThan(0.5);
  });
});

describeWithFfmpeg("sound care", () => {
  it("is left alone where nobody asks, and encodes anew what is ready where somebody does", async () => {
    const bytes = await readFile(READY);
    expect(await clipOf({ bytes }, { care: { trimSilence: false } })).not.toHaveProperty("encodedBecause");
    expect(await clipOf({ bytes }, { care: { highPassHz: 80 } })).toMatchObject({
      encodedBecause: "care for its sound was asked for",
    });
  });

  it.each([
    { loudnessLufs: 3 },
    { loudnessLufs: Number.NaN },
    { highPassHz: 5 },
    { highPassHz: "80,amovie=/etc/passwd" as unknown as number },
  ])("takes no other number than it can use: %o", async (care) => {
    await expect(clipOf({ path: SPOKEN }, { care })).rejects.toMatchObject({ code: "USAGE" });
  });
});
