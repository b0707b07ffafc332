import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import type { EncodeOptions } from "../../src/audio/encode.ts";
import { encodeVoice, findFfmpeg } from "../../src/audio/index.ts";
import { readOpusStream } from "../../src/audio/ogg.ts";
import type { SottoError } from "../../src/errors.ts";
import type { AudioSource } from "../../src/model/recording.ts";
import { pcmFormat, pseudoRandom, wav } from "./by-hand.ts";
import { clipOf } from "./clip.ts";
import { children, describeWithFfmpeg, folder, pretendFfmpeg, record } from "./with-ffmpeg.ts";

afterEach(async () => {
  await expect.poll(children, { timeout: 10_000 }).toEqual([]);
});

/** By several encoders and by one: all but the packets themselves, or an error's code. */
async function both(source: () => AudioSource, options: EncodeOptions = {}, encoders = 2) {
  const outcome = async (encoders: number) => {
    const { bytes, waveform, ...facts } = await clipOf(source(), { ...options, encoders });
    const { preSkip, samples, packets } = readOpusStream(bytes);
    // ffmpeg 5.1 rounds what was floating point at another place of the graph
    const drawn = encoders > 1 ? waveform : waveform.map((point) => expect.closeTo(point, -0.5));
    return { ...facts, waveform: drawn, preSkip, samples, packets: packets.length };
  };
  const toCode = (error: SottoError) => error.code;
  return [await outcome(encoders).catch(toCode), await outcome(1).catch(toCode)];
}

const tone = "sine=frequency=330,tremolo=f=0.3:d=0.9";

describeWithFfmpeg("a recording that several encoders share", () => {
  it.each([
    [0.001, 2],
    [9.4, 2],
    [9.98, 3],
    [10, 2],
    [10.0001, 2],
    [20.4935, 3],
    [45.01, 4],
  ])("is as long as one encoder makes it, to the sample: %s s, %s encoders", async (seconds, encoders) => {
    const path = await record("length.wav", `${tone},atrim=duration=${seconds}`);
    const [shared, alone] = await both(() => ({ path }), {}, encoders);
    expect(shared).toEqual(alone);
    expect(shared).toMatchObject({ durationMs: Math.round(seconds * 1000) });
  });

  it("is whole also where there is so little of it that it is decoded before anybody looks", async () => {
    const path = await record("short.wav", `${tone},atrim=duration=0.1`);
    for (let time = 0; time < 12; time += 1) {
      expect(await clipOf({ path }, { encoders: 2 })).toMatchObject({ durationMs: 100, truncated: false });
    }
  });

  it.each([
    ["MP3", "shared.mp3", []],
    ["M4A", "shared.m4a", []],
    ["Ogg Vorbis", "shared.ogg", ["-c:a", "vorbis", "-strict", "-2", "-ac", "2"]],
  ])("has the same shape whatever it was: %s", async (_, name, options) => {
    const path = await record(name, `${tone},atrim=duration=23`, ...options);
    const [shared, alone] = await both(() => ({ path }));
    expect(shared).toEqual(alone);
    const bytes = await readFile(path);
    const cut = bytes.subarray(0, bytes.length * 0.7);
    const [sharedCut, aloneCut] = await both(() => ({ stream: Readable.from([cut]) }));
    expect(sharedCut).toEqual(aloneCut);
    expect(aloneCut).not.toEqual(alone);
  });

  it("is cared for as with one encoder", async () => {
    const voice = `sine=frequency=300:duration=24,volume='if(between(t,2,21.3),0.05,0)':eval=frame`;
    const path = await record("care.wav", voice, "-ar", "48000");
    const care = { trimSilence: true, highPassHz: 80, loudnessLufs: -18 };
    const [shared, alone] = await both(() => ({ path }), { care });
    expect(shared).toEqual(alone);
    expect(shared).toMatchObject({ durationMs: expect.closeTo(19_650, -2.5) });
  });

  it("is shared by itself when it is long, and nothing else is encoded", async () => {
    // so long that none of them can be through before its first chunk is taken: what is ahead is bounded
    const path = await record("long.wav", "sine=duration=400", "-ar", "8000");
    const stream = encodeVoice({ path });
    let atFirst: number | undefined;
    for await (const _ of stream.chunks) atFirst ??= (await children()).length;
    const encoders = Math.min(4, availableParallelism());
    expect(atFirst).toBe(encoders > 1 ? encoders + 1 : 1);
    expect(await stream.facts).toMatchObject({ durationMs: 400_000, truncated: false });
  });
});

const RATE = 8000;
const begin = wav(pcmFormat(RATE, 1), Buffer.alloc(0), 0xffff_ffff);
const random = pseudoRandom(9);
const second = Buffer.from(Uint16Array.from({ length: RATE }, () => random() >>> 18).buffer);

/** A recording that goes on for so long; how far it was read. */
function stream(seconds: number) {
  const read = { seconds: 0 };
  const source = Readable.from(
    (async function* () {
      yield begin;
      for (; read.seconds < seconds; read.seconds++) yield second;
    })(),
  );
  return { source, read };
}

describeWithFfmpeg("several encoders", () => {
  it("wait for whoever takes the clip: the recording is not read ahead of them", async () => {
    const { source, read } = stream(3600);
    for await (const _ of encodeVoice({ stream: source }, { encoders: 2 }).chunks) {
      for (let before = -1; before < read.seconds; await setTimeout(500)) before = read.seconds;
      break;
    }
    expect(read.seconds).toBeLessThan(900);
  });

  it("end with the signal's reason, all of them", async () => {
    const { source } = stream(3600);
    const leaving = new AbortController();
    const taking = clipOf({ stream: source }, { encoders: 3, signal: leaving.signal });
    await expect.poll(children, { timeout: 10_000 }).toHaveLength(4);
    const reason = new Error("not now");
    leaving.abort(reason);
    await expect(taking).rejects.toBe(reason);
    await expect.poll(() => source.destroyed).toBe(true);
  });

  it("end with an error of the source, and at the limit of its length", async () => {
    const failing = Readable.from(
      (async function* () {
        yield begin;
        for (let n = 0; n < 30; n++) yield second;
        throw new Error("the line is dead");
      })(),
    );
    await expect(clipOf({ stream: failing }, { encoders: 2 })).rejects.toThrow("the line is dead");
    const limits = { encoders: 2, maxDurationMs: 25_000 };
    await expect(clipOf({ stream: stream(3600).source }, limits)).rejects.toMatchObject({
      code: "AUDIO_TOO_LARGE",
    });
  });
});

const ffmpeg = await findFfmpeg().catch(() => "");

/** Runs a shell script in place of each encoder; the decoder is what it always is. */
const pretendEncoder = (script: string) =>
  pretendFfmpeg(`case "$*" in *s16le\\ -ar\\ 48000*) ${script};; *) exec ${ffmpeg} "$@";; esac`);

describeWithFfmpeg("an encoder that was broken into, or is out of memory", () => {
  const recording = () => ({ stream: stream(40).source });
  it.each([
    ["ends before it has read anything", "exit 0"],
    ["ends in the middle", "head -c 1000000 >/dev/null; exit 1"],
    ["is killed in the middle of its stream", `head -c 1200000 | ${ffmpeg} "$@"; kill -9 $$`],
    ["leaves out some of the sound", `(head -c 500000; head -c 1920 >/dev/null; cat) | exec ${ffmpeg} "$@"`],
    ["adds some", `(head -c 500000; head -c 1920 /dev/zero; cat) | exec ${ffmpeg} "$@"`],
    ["writes no Ogg, for ever", "exec cat /dev/zero"],
    ["reads nothing", "exec sleep 60"],
  ])("brings an error, and ends all: it %s", async (_, script) => {
    await pretendEncoder(script);
    const limits = { encoders: 2, timeLimitMs: 6_000 };
    await expect(clipOf(recording(), limits)).rejects.toMatchObject({ code: "FFMPEG_FAILED" });
  });

  it("brings an error or says that it is cut: the decoder is killed in the middle", async () => {
    const decoder = `${ffmpeg} "$@" | head -c 3000000; kill -9 $$`;
    await pretendFfmpeg(`case "$*" in *pipe:3*) ${decoder};; *) exec ${ffmpeg} "$@";; esac`);
    const path = join(folder, "cut.wav");
    await writeFile(path, wav(pcmFormat(RATE, 1), Buffer.concat(Array(1200).fill(second))));
    const clip = await clipOf({ path }, { encoders: 2 }).catch((error) => error);
    if (clip instanceof Error) expect(clip).toMatchObject({ code: "FFMPEG_FAILED" });
    else expect(clip.truncated).toBe(true);
  });
});
