import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WaveformMeter } from "../../src/audio/waveform.ts";
import { WAVEFORM_MAX, WAVEFORM_POINTS } from "../../src/model/recording.ts";

const pcm = (samples: ArrayLike<number>): Buffer => Buffer.from(Int16Array.from(samples).buffer);
const sample = fc.integer({ min: -32768, max: 32767 });

function waveformOf(...chunks: Uint8Array[]): number[] {
  const meter = new WaveformMeter();
  for (const chunk of chunks) meter.addS16le(chunk);
  return meter.points();
}

/** `seconds` of a 400 Hz tone at the waveform's 8 kHz, as loud as `amplitude` says at each moment. */
const tone = (seconds: number, amplitude: (second: number) => number): Buffer =>
  pcm(Array.from({ length: seconds * 8000 }, (_, n) => Math.sin((n * Math.PI) / 10) * amplitude(n / 8000)));

describe("WaveformMeter", () => {
  it("draws a hundred integers in range, whose highest is the top, from any sound", () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 3000 }), (samples) => {
        const points = waveformOf(pcm(samples));
        expect(points).toHaveLength(WAVEFORM_POINTS);
        for (const point of points)
          expect(Number.isInteger(point) && point >= 0 && point <= WAVEFORM_MAX).toBe(true);
        expect([0, WAVEFORM_MAX]).toContain(Math.max(...points));
      }),
    );
  });

  it("draws the same however the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 2000 }), fc.array(fc.nat(4000)), (samples, cuts) => {
        const bytes = pcm(samples);
        const bounds = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].sort(
          (a, b) => a - b,
        );
        const chunks = bounds.slice(1).map((end, index) => bytes.subarray(bounds[index], end));
        expect(waveformOf(...chunks)).toEqual(waveformOf(bytes));
      }),
    );
  });

  it("shows a quiet recording as well as a loud one", () => {
    const fadingOut = (peak: number) => waveformOf(tone(4, (second) => peak * (1 - second / 4)));
    const difference = fadingOut(30_000).map((point, index) => Math.abs(point - fadingOut(100)[index]!));
    expect(Math.max(...difference)).toBeLessThan(20);
  });

  it("draws silence, and dither, as zeros", () => {
    expect(waveformOf(pcm(new Array(8000).fill(0)))).toEqual(new Array(WAVEFORM_POINTS).fill(0));
    expect(waveformOf(pcm(Array.from({ length: 8000 }, (_, n) => (n % 3) - 1)))).not.toContain(WAVEFORM_MAX);
  });

  it("draws nothing as zeros", () => {
    expect(waveformOf()).toEqual(new Array(WAVEFORM_POINTS).fill(0));
  });

  it.each([1, 4, 60, 700])("puts a sound of a recording of %i s where it is heard", (seconds) => {
    const points = waveformOf(
      tone(seconds, (second) => (second >= seconds / 2 && second < seconds * 0.6 ? 9000 : 0)),
    );
    const heard = points.flatMap((point, index) => (point > WAVEFORM_MAX / 2 ? [index] : []));
    expect(heard.at(0)).toBeGreaterThanOrEqual(49);
    expect(heard.at(0)).toBeLessThanOrEqual(50);
    expect(heard.at(-1)).toBeGreaterThanOrEqual(58);
    expect(heard.at(-1)).toBeLessThanOrEqual(60);
  });
});
