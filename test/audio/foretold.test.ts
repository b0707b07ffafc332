import { createReadStream } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { encodeVoice } from "../../src/audio/index.ts";
import type { RawFormat } from "../../src/model/raw-format.ts";
import { pcmFormat, wav } from "./by-hand.ts";
import { clipOf } from "./clip.ts";
import { describeWithFfmpeg, folder, hideFfmpeg, record } from "./with-ffmpeg.ts";

const TONE = "sine=frequency=440:sample_rate=8000:duration=90";
const OPUS = ["-c:a", "libopus", "-ac", "1"];
const KNOWN: [name: string, options: string[], raw?: RawFormat][] = [
  ["pcm.wav", []],
  ["float.wav", ["-c:a", "pcm_f32le"]],
  ["adpcm.wav", ["-c:a", "adpcm_ms"]],
  ["stereo.au", ["-ac", "2"]],
  ["a.flac", []],
  ["a.mp3", []],
  ["a.ogg", OPUS],
  ["bare.s24le", ["-f", "s24le"], { coding: "s24le", sampleRate: 8000, channels: 1 }],
];

describeWithFfmpeg("how long a recording is", () => {
  it.each(KNOWN)("is known before work: %s", async (name, options, raw) => {
    const path = await record(name, TONE, ...options);
    const { foretold, chunks } = encodeVoice({ path }, { ...(raw && { raw }) });
    expect(Math.abs((await foretold).durationMs! - 90_000)).toBeLessThan(250);
    chunks.destroy();
  });

  it.each(KNOWN)("is refused before work, with the numbers: %s", async (name, options, raw) => {
    const path = await record(name, TONE, ...options);
    hideFfmpeg();
    const how = { maxDurationMs: 60_000, ...(raw && { raw }) };
    const tooLong = {
      code: "AUDIO_TOO_LARGE",
      message: "the recording has 1.5 minutes, and audio.maxDuration is 1",
    };
    await expect(clipOf({ path }, how)).rejects.toMatchObject(tooLong);
    const { size } = await stat(path);
    await expect(clipOf({ stream: createReadStream(path), size }, how)).rejects.toMatchObject(tooLong);
  });

  it("is not known where silence will be taken away", async () => {
    const path = await record("trimmed.wav", TONE);
    const { foretold, chunks } = encodeVoice({ path }, { care: { trimSilence: true } });
    expect(await foretold).toEqual({});
    chunks.destroy();
  });

  it("is exact where its packets are kept, and so is its size", async () => {
    const path = await record("ready.ogg", "sine=duration=3.21", ...OPUS);
    const { foretold } = encodeVoice({ path });
    const { bytes } = await clipOf({ path });
    expect(await foretold).toEqual({ durationMs: 3210, size: bytes.length });
  });

  it("is not believed to a header: of a file that holds less, and of a stream that nobody has measured", async () => {
    const path = join(folder, "lies.wav");
    const bytes = wav(pcmFormat(8000, 1), Buffer.alloc(16_000), 0x7000_0000);
    await writeFile(path, bytes);
    for (const source of [{ path }, { bytes }, { stream: createReadStream(path) }]) {
      const clip = await clipOf(source, { maxDurationMs: 60_000 });
      expect(clip).toMatchObject({ durationMs: 1000, truncated: true });
    }
  });
});

it("nothing is known of what cannot be read", async () => {
  const { foretold, facts } = encodeVoice({ path: join(folder, "nothing") });
  expect(await foretold).toEqual({});
  await expect(facts).rejects.toMatchObject({ code: "AUDIO_UNREADABLE" });
});
