import { readFile, realpath, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { pcmFormat, wav } from "./by-hand.ts";
import { clipOf } from "./clip.ts";
import {
  children,
  describeWithFfmpeg,
  folder,
  namedInMemory,
  pretendFfmpeg,
  record,
  run,
} from "./with-ffmpeg.ts";

const second = Buffer.alloc(16_000, 7);
const tone = wav(pcmFormat(8000, 1), second);

afterEach(async () => {
  await expect.poll(namedInMemory).toEqual([]);
  expect(await children()).toEqual([]);
});

describeWithFfmpeg("what would bring something else into a message", () => {
  /** A server of this machine that must not be asked, and a file that must not be read. */
  async function bait() {
    let asked = 0;
    const server = createServer((_, response) => {
      asked++;
      response.end(tone);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/voice.wav`;
    return { url, file: await record("bait.wav", "sine=duration=1"), asked: () => asked };
  }
  type Bait = Awaited<ReturnType<typeof bait>>;

  const playlist = (what: string) =>
    `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n${what}\n#EXT-X-ENDLIST\n`;
  it.each([
    ["an HLS playlist of a local file", ({ file }: Bait) => playlist(`file://${file}`)],
    ["an HLS playlist of an address", ({ url }: Bait) => playlist(url)],
    ["a list of local files", ({ file }: Bait) => `ffconcat version 1.0\nfile '${file}'\n`],
    ["a list of addresses", ({ url }: Bait) => `ffconcat version 1.0\nfile '${url}'\n`],
    ["a DASH manifest", ({ url }: Bait) => `<?xml version="1.0"?><MPD><BaseURL>${url}</BaseURL></MPD>`],
    ["a session description", () => "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=audio 9 RTP/AVP 0\n"],
    ["a playlist behind an ID3 tag", ({ url }: Bait) => `ID3\x04\0\0\0\0\0\0${playlist(url)}`],
    ["a playlist that says it is a WAV", ({ url }: Bait) => `RIFF\x40\0\0\0WAVE${playlist(url)}`],
    [
      "a playlist that says it is an MP4",
      ({ url }: Bait) => `\0\0\0\x14ftypM4A \0\0\0\0M4A ${playlist(url)}`,
    ],
  ])("is refused, and nothing is asked for: %s", async (_name, content) => {
    const baited = await bait();
    const bytes = Buffer.from(content(baited), "latin1");
    const path = join(folder, "bait.m3u8");
    await writeFile(path, bytes);
    const refused = { code: expect.stringMatching(/^AUDIO_(NOT_AUDIO|EMPTY)$/) };
    await expect(clipOf({ path })).rejects.toMatchObject(refused);
    await expect(clipOf({ bytes })).rejects.toMatchObject(refused);
    expect(baited.asked()).toBe(0);
  });

  it("is left where it is: an MP4 whose sound lies in another file", async () => {
    const path = await record("outside.m4a", "sine=duration=1", "-movflags", "faststart");
    const bytes = await readFile(path);
    const reference = bytes.indexOf("url \0\0\0\x01");
    expect(reference).toBeGreaterThan(0);
    bytes[reference + 7] = 0; // not in this file
    const clip = await clipOf({ bytes }).catch((error) => error);
    // nothing else than its own sound, or an error: there is no other file that it could have opened
    if (clip instanceof Error)
      expect(clip).toMatchObject({ code: expect.stringMatching(/^AUDIO_|^FFMPEG_/) });
    else expect(clip.durationMs).toBeLessThan(1100);
  });
});

describeWithFfmpeg("what is more than it seems", () => {
  it("ends at the limit: half an hour of silence in 8 channels, gigabytes from some hundred kilobytes", async () => {
    const path = join(folder, "bomb.flac");
    await run(
      ...["-v", "error", "-y", "-f", "lavfi", "-i", "anullsrc=channel_layout=7.1:sample_rate=48000"],
      ...["-t", "1800", "-c:a", "flac", "-compression_level", "0", "-frame_size", "65535", path],
    );
    const { length } = await readFile(path);
    expect(length).toBeLessThan(1_000_000);
    const before = process.memoryUsage().rss;
    await expect(clipOf({ path }, { maxDurationMs: 60_000 })).rejects.toMatchObject({
      code: "AUDIO_TOO_LARGE",
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 ** 2);
  });

  /** A recording that goes on for ever after its beginning. */
  const endless = (begin: Buffer): Readable =>
    Readable.from(
      (async function* () {
        yield begin;
        for (;;) yield Buffer.alloc(65_536, 3);
      })(),
    );

  it("ends at the limit of its length: a stream without an end", async () => {
    const stream = endless(wav(pcmFormat(8000, 1), second, 0xffff_ffff));
    await expect(clipOf({ stream }, { maxDurationMs: 60_000 })).rejects.toMatchObject({
      code: "AUDIO_TOO_LARGE",
    });
    expect(stream.destroyed).toBe(true);
  });

  it("ends at the limit of what is held in memory: an MP4 without an end", async () => {
    const stream = endless(Buffer.from("\0\0\0\x14ftypM4A \0\0\0\0M4A \xff\xff\xff\xffmdat", "latin1"));
    await expect(clipOf({ stream }, { maxHeldBytes: 8 * 1024 ** 2 })).rejects.toMatchObject({
      code: "AUDIO_TOO_LARGE",
    });
    expect(stream.destroyed).toBe(true);
  });

  it("gives its first sound: a recording of 64 streams", async () => {
    const maps = Array.from({ length: 64 }, () => ["-map", "0:a"]).flat();
    const path = await record("many.mka", "sine=duration=1", ...maps, "-c:a", "pcm_s16le");
    expect(await clipOf({ path })).toMatchObject({ durationMs: 1000, truncated: false });
  });
});

describeWithFfmpeg("a lying header", () => {
  it.each([
    ["more sound than there is", wav(pcmFormat(8000, 1), second, 0x7000_0000), 1000],
    ["a rate of 1 Hz", wav(pcmFormat(1, 1), second), undefined],
    ["a rate of 4 GHz", wav(pcmFormat(0xffff_ffff, 1), second), undefined],
    ["no rate", wav(pcmFormat(0, 1), second), undefined],
    ["no channels", wav(pcmFormat(8000, 0), second), undefined],
    ["65,535 channels", wav(pcmFormat(8000, 0xffff), second), undefined],
    ["blocks of no size", wav(pcmFormat(8000, 1, 0), second), undefined],
    ["an unknown coding", wav(Buffer.alloc(16, 0xab), second), undefined],
  ])("of %s brings an error or what there is", async (_name, bytes, durationMs) => {
    const clip = await clipOf({ bytes }, { maxDurationMs: 60_000, timeLimitMs: 20_000 }).catch(
      (error) => error,
    );
    if (durationMs !== undefined) expect(clip).toMatchObject({ durationMs, truncated: true });
    else if (clip instanceof Error)
      expect(clip).toMatchObject({ code: expect.stringMatching(/^AUDIO_|^FFMPEG_FAILED$/) });
    else expect(clip.waveform).toHaveLength(100);
  });
});

describe("an ffmpeg that was broken into", () => {
  const recording = { bytes: tone };
  it.each([
    ["writes no Ogg, for ever", "exec cat /dev/zero", "FFMPEG_FAILED"],
    ["writes sound for ever", "exec cat /dev/zero >&3", "AUDIO_TOO_LARGE"],
    ["says that all is well, and has written nothing", "exit 0", "AUDIO_EMPTY"],
    ["complains for ever", "while :; do echo no; done >&2", "FFMPEG_FAILED"],
    ["leaves a child behind", "sleep 60 & exec cat /dev/zero", "FFMPEG_FAILED"],
  ])("brings an error: it %s", async (_name, script, code) => {
    await pretendFfmpeg(script);
    const limits = { maxDurationMs: 60_000, timeLimitMs: 2_000 };
    await expect(clipOf(recording, limits)).rejects.toMatchObject({ code });
  });

  it("brings an error: it ends its stream in the middle", async () => {
    const ogg = join(folder, "whole.ogg");
    await run(
      "-v",
      "error",
      "-y",
      "-f",
      "lavfi",
      "-i",
      "sine=duration=3",
      "-c:a",
      "libopus",
      "-b:a",
      "16k",
      ogg,
    );
    await pretendFfmpeg(`head -c 5000 ${await realpath(ogg)}; exit 0`);
    await expect(clipOf(recording)).rejects.toMatchObject({ code: "FFMPEG_FAILED" });
    await pretendFfmpeg(`cat ${await realpath(ogg)}; exit 0`); // whole, but of nothing that was decoded
    await expect(clipOf(recording)).rejects.toMatchObject({ code: "FFMPEG_FAILED" });
  });
});
