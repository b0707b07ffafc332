import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { findFfmpeg } from "../../src/audio/index.ts";
import { type OpusStream, opusPacketSamples, readOpusStream } from "../../src/audio/ogg.ts";
import { writeOpusStream } from "../../src/audio/ogg-writer.ts";
import { OpusThread } from "../../src/audio/opus-thread.ts";
import { drawOpus } from "../../src/audio/opus-waveform.ts";
import { WAVEFORM_OUTPUT, WaveformMeter } from "../../src/audio/waveform.ts";
import { clipOf } from "./clip.ts";
import { describeWithFfmpeg, folder, hideFfmpeg, pretendFfmpeg, record, run } from "./with-ffmpeg.ts";

/** Both decode alike; they only convert the rate with other filters. Of 1024, at the worst of the hundred points. */
const TOLERANCE = 16;

/** Loud and quiet by turns, with pauses: a voice, as far as a waveform goes. */
const VOICE = "anoisesrc=duration=7.3:seed=4:amplitude=0.5:color=pink,tremolo=f=0.4:d=0.95";

async function opusOf(name: string, source: string, ...options: string[]): Promise<OpusStream> {
  const path = await record(name, source, "-c:a", "libopus", "-ac", "1", ...options);
  return readOpusStream(await readFile(path));
}

async function ffmpegWaveform(stream: OpusStream, ...decoder: string[]): Promise<number[]> {
  const [ogg, pcm] = [`${folder}/drawn.ogg`, `${folder}/drawn.pcm`];
  await writeFile(ogg, writeOpusStream(stream));
  await run("-v", "error", "-y", ...decoder, "-i", ogg, ...WAVEFORM_OUTPUT, pcm);
  const meter = new WaveformMeter();
  meter.addS16le(await readFile(pcm));
  return meter.points();
}

const worst = (one: number[], other: number[]): number =>
  Math.max(...one.map((point, index) => Math.abs(point - other[index]!)));

describeWithFfmpeg("the waveform of Ogg Opus", () => {
  it.each([
    ...["2.5", "5", "10", "20", "40", "60", "80", "100", "120"].map((ms) => [
      `frames of ${ms} ms`,
      ["-frame_duration", ms],
    ]),
    ["music at 96 kbit/s", ["-application", "audio", "-b:a", "96k"]],
    ["8 kbit/s, narrow band", ["-application", "voip", "-b:a", "8k", "-ar", "8000"]],
    ["a constant rate", ["-vbr", "off", "-b:a", "32k"]],
  ] as [string, string[]][])("is the one that ffmpeg's decoder gives: %s", async (name, options) => {
    const stream = await opusOf(`${name.replaceAll(/\W/g, "-")}.ogg`, VOICE, ...options);
    const drawn = await drawOpus(stream);
    expect(drawn).toHaveLength(100);
    expect(worst(drawn!, await ffmpegWaveform(stream))).toBeLessThan(TOLERANCE);
  });

  it("is drawn of packets that hold stereo in a stream that says mono", async () => {
    const path = await record("two.ogg", VOICE, "-c:a", "libopus", "-ac", "2");
    const stream = { ...readOpusStream(await readFile(path)), channels: 1 };
    const drawn = await drawOpus(stream);
    expect(worst(drawn!, await ffmpegWaveform(stream))).toBeLessThan(TOLERANCE);
  });

  it("has none of what the pre-skip and the end cut away", async () => {
    const stream = await opusOf("cut.ogg", "aevalsrc=if(gte(t\\,1)\\,0.3*sin(2764*t)\\,0):duration=2");
    const quiet = await drawOpus({ ...stream, samples: 45_000 });
    expect(quiet).toEqual(new Array(100).fill(0));
    const loud = await drawOpus({ ...stream, preSkip: stream.preSkip + 50_000, samples: 40_000 });
    expect(Math.min(...loud!)).toBeGreaterThan(900);
  });

  it("goes on through silence that was not transmitted", async () => {
    const pause = "aevalsrc=if(between(t\\,1\\,3)\\,0\\,0.3*sin(2764*t)):duration=4:sample_rate=48000";
    const stream = await opusOf("pause.ogg", pause, "-application", "voip", "-dtx", "1", "-b:a", "16k");
    expect(Math.min(...stream.packets.map(({ length }) => length))).toBeLessThanOrEqual(2);
    const drawn = await drawOpus(stream);
    // ffmpeg's own decoder fades in after a pause otherwise than libopus does
    expect(worst(drawn!, await ffmpegWaveform(stream, "-c:a", "libopus"))).toBeLessThan(TOLERANCE);
  });
});

describeWithFfmpeg("a recording that is ready", () => {
  const ready = () => record("ready.ogg", VOICE, "-c:a", "libopus", "-ac", "1");

  it("of a command that ends with it is drawn by ffmpeg, which takes all of it", async () => {
    const path = await ready();
    const ended = join(folder, "ended");
    await pretendFfmpeg(`${await findFfmpeg()} "$@"; echo $? >${ended}`);
    await clipOf({ path }, { shortLived: true });
    expect(await readFile(ended, "utf8")).toBe("0\n");
  });

  it.each([{}, { shortLived: true }])("needs no ffmpeg: %j", async (options) => {
    const path = await ready();
    const before = await clipOf({ path }, { shortLived: true });
    hideFfmpeg();
    const clip = await clipOf({ path }, options);
    expect(readOpusStream(clip.bytes)).toEqual(readOpusStream(before.bytes));
    expect(worst(clip.waveform, before.waveform)).toBeLessThan(TOLERANCE);
  });

  it("that does not decode is refused without ffmpeg, and never sent", async () => {
    const stream = readOpusStream(await readFile(await ready()));
    const packets = stream.packets.map((packet, index) => (index === 30 ? MALFORMED : packet));
    hideFfmpeg();
    await expect(clipOf({ bytes: writeOpusStream({ ...stream, packets }) })).rejects.toMatchObject({
      code: "FFMPEG_MISSING",
    });
  });

  it("may be given up while it is drawn", async () => {
    const stream = long();
    const reason = new Error("hung up");
    const abort = new AbortController();
    const drawing = drawOpus(stream, { signal: abort.signal, onStart: () => abort.abort(reason) });
    await expect(drawing).rejects.toBe(reason);
  });
});

/** Two frames of one size cannot share one byte (RFC 6716 section 3.2.3). */
const MALFORMED = Buffer.of((31 << 3) | 1, 1);

/** 20 ms of silence in one byte. */
const SILENT = Buffer.of(31 << 3);

/** Minutes in packets of two bytes: 120 ms each, 48 frames of nothing. */
function long(minutes = 12): OpusStream {
  const packet = Buffer.of((28 << 3) | 3, 48);
  const packets: Uint8Array[] = new Array(minutes * 500).fill(packet);
  const samples = packets.length * opusPacketSamples(packet);
  return { channels: 1, preSkip: 0, outputGain: 0, mappingFamily: 0, packets, samples };
}

const streamOf = (packets: Uint8Array[], samples: number): OpusStream => ({
  ...{ channels: 1, preSkip: 0, outputGain: 0, mappingFamily: 0 },
  ...{ packets, samples },
});

describe("hostile packets", () => {
  it("of any kind give a waveform or none, and the next recording has its own", async () => {
    const packet = fc
      .tuple(fc.nat(255), fc.uint8Array({ maxLength: 400 }))
      .map(([toc, rest]) => Buffer.from([toc, ...rest]));
    await fc.assert(
      fc.asyncProperty(fc.array(packet, { minLength: 1, maxLength: 20 }), async (packets) => {
        const drawn = await drawOpus(streamOf(packets, 960));
        expect(drawn === undefined || (drawn.length === 100 && drawn.every(isPoint))).toBe(true);
        expect(await drawOpus(streamOf([SILENT], 960))).toEqual(new Array(100).fill(0));
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ["malformed", [MALFORMED, ...new Array(20).fill(SILENT)]],
    ["fewer than the stream promises", [SILENT]],
    ["larger than the decoder's input", [Buffer.concat([Buffer.of(31 << 3), Buffer.alloc(5_000, 7)])]],
    ["empty", [Buffer.alloc(0)]],
  ])("give none: %s", async (_, packets) => {
    expect(await drawOpus(streamOf(packets, 9_600))).toBeUndefined();
  });

  it("that decode for longer than any voice message give none, and are not begun", async () => {
    expect(await drawOpus(long(5 * 60))).toBeUndefined();
  });
});

describe("the thread", () => {
  it("refuses a packet without an end for the others", async () => {
    const other = drawOpus(long());
    expect(await drawOpus(streamOf([Buffer.concat([SILENT, Buffer.alloc(5_000, 7)])], 960))).toBeUndefined();
    expect(await other).toHaveLength(100);
  });

  it("is ended when it takes too long, and the next recording has a new one", async () => {
    expect(await drawOpus(long(), { timeLimitMs: 20 })).toBeUndefined();
    expect(await drawOpus(streamOf([SILENT], 960))).toHaveLength(100);
  });

  it("that ends answers everybody who waits", async () => {
    const answers: unknown[] = [];
    let ends = 0;
    const thread = new OpusThread(() => {
      ends++;
    });
    onTestFinished(() => thread.end());
    const ask = () =>
      thread.ask({ bytes: Buffer.alloc(1), sizes: Uint32Array.of(1), begin: 0, end: 1e9 }, ({ waveform }) =>
        answers.push(waveform),
      );
    ask();
    ask();
    thread.end();
    expect(answers).toEqual([undefined, undefined]);
    expect(ends).toBeGreaterThan(0);
  });

  it("lets a short recording pass a long one", async () => {
    const order: string[] = [];
    const slow = drawOpus(long()).then(() => order.push("long"));
    await drawOpus(streamOf([SILENT], 960)).then(() => order.push("short"));
    await slow;
    expect(order).toEqual(["short", "long"]);
  });
});

const isPoint = (point: number): boolean => Number.isInteger(point) && point >= 0 && point <= 1024;
