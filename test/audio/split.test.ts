import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, it } from "vitest";
import { type EncodeOptions, encodeVoice, type MessageLimits, splitVoice } from "../../src/audio/index.ts";
import { readOpusStream } from "../../src/audio/ogg.ts";
import { writeOpusStream } from "../../src/audio/ogg-writer.ts";
import { PartCutter } from "../../src/audio/part-cutter.ts";
import type { AudioSource, VoiceStream } from "../../src/model/recording.ts";
import { pcmFormat, pseudoRandom, wav } from "./by-hand.ts";
import { clipOf } from "./clip.ts";
import { levelDb } from "./sound.ts";
import { SPOKEN } from "./speech.ts";
import { children, decode, describeWithFfmpeg, record } from "./with-ffmpeg.ts";

interface Part {
  bytes: Buffer;
  durationMs: number;
  waveform: number[];
}

async function partsOf(recording: VoiceStream, limits: MessageLimits): Promise<Part[]> {
  const parts: Part[] = [];
  for await (const { chunks, facts } of splitVoice(recording, limits))
    parts.push({ bytes: await buffer(chunks), ...(await facts) });
  return parts;
}

const split = (source: AudioSource, limits: MessageLimits, options?: EncodeOptions): Promise<Part[]> =>
  partsOf(encodeVoice(source, options), limits);

/** The clip and its parts, of the same packets. */
async function both(source: AudioSource, limits: MessageLimits, options?: EncodeOptions) {
  const { bytes, ...facts } = await clipOf(source, options);
  const recording = {
    chunks: Readable.from([bytes.subarray(0, 5000), bytes.subarray(5000)]),
    ...{ facts: Promise.resolve(facts), foretold: Promise.resolve({}) },
  };
  return { clip: { bytes, ...facts }, parts: await partsOf(recording, limits) };
}

/** What is heard of a part, and what of its packets is not: 20 ms each. */
function packetsOf({ bytes }: Part): { unheard: Uint8Array[]; heard: Uint8Array[] } {
  const { packets, preSkip } = readOpusStream(bytes);
  const before = packets.splice(0, Math.floor(preSkip / 960));
  return { unheard: before, heard: packets };
}

const RATE = 48_000;
const NOISE = "anoisesrc=duration=14.3:seed=8:amplitude=0.4:color=pink";
/** A tone of 2.2 s, then 0.6 s of nothing, and so on. */
const SENTENCES = "aevalsrc=if(lt(mod(t\\,2.8)\\,2.2)\\,0.4*sin(2764*t)\\,0):duration=30:sample_rate=48000";

describeWithFfmpeg("a recording that is cut into parts", () => {
  it.each([
    ["speech", SPOKEN, 2500, {}],
    ["speech at 12 kbit/s", SPOKEN, 2500, { bitRate: 12_000 }],
    ["noise, which has no silence", NOISE, 3000, {}],
    ["a tone with a tremble", "sine=f=330:duration=7,tremolo=f=5:d=0.4", 2000, {}],
  ])("sounds as one, with no sample lost or doubled: %s", async (name, source, maxDurationMs, options) => {
    const path = source === SPOKEN ? SPOKEN : await record(`${name.replaceAll(/\W/g, "-")}.wav`, source);
    const { clip, parts } = await both({ path }, { maxDurationMs }, options);
    expect(parts.length).toBeGreaterThan(2);
    const whole = await decode(clip.bytes);
    const sounds: Int16Array[] = [];
    for (const { bytes } of parts) sounds.push(await decode(bytes));
    expect(sounds.map(({ length }) => length).reduce((sum, length) => sum + length)).toBe(whole.length);
    let at = 0;
    for (const [index, sound] of sounds.entries()) {
      expect(Math.abs(parts[index]!.durationMs - sound.length / 48)).toBeLessThan(1);
      const off = sound.map((sample, n) => sample - whole[at + n]!);
      // a decoder that begins anew is never quite where the other is; at the seam, nobody must hear it
      expect(levelDb(off)).toBeLessThan(levelDb(sound) - 30);
      expect(Math.max(...off.subarray(0, RATE / 10).map(Math.abs))).toBeLessThan(330); // 1 % of full scale
      at += sound.length;
    }
  });

  it("keeps its packets, each in one part, and each part is a stream of its own", async () => {
    const { clip, parts } = await both({ path: await record("noise.wav", NOISE) }, { maxDurationMs: 4000 });
    const whole = readOpusStream(clip.bytes);
    const read = parts.map(packetsOf);
    expect(read.flatMap(({ heard }) => heard)).toEqual(whole.packets);
    expect(read[0]!.unheard).toEqual([]);
    for (const [index, { unheard }] of read.entries()) {
      // RFC 7845 section 4.2: 80 ms at least, and they are what stood there
      if (index > 0) expect(unheard.length).toBeGreaterThanOrEqual(4);
      expect(unheard).toEqual(read[index - 1]?.heard.slice(-unheard.length) ?? []);
    }
    const serials = parts.map(({ bytes }) => bytes.readUInt32LE(14));
    expect(new Set(serials).size).toBe(parts.length);
  });

  it("is cut where it is silent", async () => {
    const parts = await split({ path: await record("sentences.wav", SENTENCES) }, { maxDurationMs: 11_000 });
    expect(parts.length).toBeGreaterThan(2);
    let endMs = 0;
    for (const { durationMs } of parts.slice(0, -1)) {
      endMs += durationMs;
      expect(endMs % 2800).toBeGreaterThan(2250);
      expect(endMs % 2800).toBeLessThan(2750);
    }
  });

  it("has the waveform of each part", async () => {
    const loudThenQuiet = "aevalsrc=if(lt(t\\,5)\\,0.4\\,0.02)*sin(2764*t):duration=10:sample_rate=48000";
    const { clip, parts } = await both(
      { path: await record("falls.wav", loudThenQuiet) },
      { maxDurationMs: 5100 },
    );
    expect(Math.min(...clip.waveform)).toBeLessThan(100);
    for (const { bytes, waveform } of parts) {
      const alone = await clipOf({ bytes });
      expect(alone.waveform.map((point, n) => Math.abs(point - waveform[n]!)).every((off) => off < 60)).toBe(
        true,
      );
    }
    expect(Math.min(...parts.at(-1)!.waveform)).toBeGreaterThan(900);
  });

  it.each([
    ["silence everywhere", "anullsrc=r=48000:d=20"],
    ["silence nowhere", "anoisesrc=d=20:seed=3:amplitude=0.9"],
  ])("has no part over the limit, and none that is a splinter: %s", async (name, lavfi) => {
    const path = await record(`${name.replace(" ", "-")}.wav`, lavfi);
    const clip = await clipOf({ path });
    for (const limits of [
      { maxDurationMs: 3333 },
      { maxDurationMs: 19_999 },
      { maxBytes: Math.ceil(clip.bytes.length / 4) },
      { maxBytes: clip.bytes.length - 1 },
      { maxBytes: Math.ceil(clip.bytes.length / 3), maxDurationMs: 6000 },
    ]) {
      const parts = await split({ path }, limits);
      expect(parts.length).toBeGreaterThan(1);
      for (const { bytes, durationMs } of parts) {
        expect(durationMs).toBeLessThanOrEqual(limits.maxDurationMs ?? Number.POSITIVE_INFINITY);
        expect(bytes.length).toBeLessThanOrEqual(limits.maxBytes ?? Number.POSITIVE_INFINITY);
        expect(durationMs).toBeGreaterThan(700);
      }
      const sum = parts.reduce((total, { durationMs }) => total + durationMs, 0);
      expect(Math.abs(sum - clip.durationMs)).toBeLessThanOrEqual(parts.length);
    }
  });

  it("is one part where it just fits", async () => {
    const path = await record("fits.wav", "anoisesrc=d=5:seed=3:amplitude=0.9");
    const first = await clipOf({ path });
    const limits = { maxBytes: first.bytes.length, maxDurationMs: 5000 };
    const [part, ...others] = await split({ path }, limits);
    expect(others).toEqual([]);
    expect(readOpusStream(part!.bytes)).toEqual(readOpusStream(first.bytes));
    expect(part!.durationMs).toBe(5000);
  });

  it.each([
    ["a limit below a second", { maxDurationMs: 900 }, /no second of the recording.*0\.9 s/],
    ["room for less than a second", { maxBytes: 2500 }, /no second of the recording.*2500 bytes/],
    ["more parts than anybody would play", { maxDurationMs: 1100 }, /more than 100 messages/],
  ])("is refused: %s", async (_, limits, message) => {
    const path = await record("refused.wav", "anoisesrc=d=130:seed=3:amplitude=0.9");
    await expect(split({ path }, limits)).rejects.toMatchObject({
      ...{ code: "AUDIO_TOO_LARGE", exitCode: 2, message: expect.stringMatching(message) },
    });
    await expect.poll(children).toEqual([]);
  });

  it.each([2.5, 60])("that is ready keeps its packets: frames of %f ms", async (ms) => {
    const options = ["-c:a", "libopus", "-ac", "1", "-frame_duration", String(ms), "-application", "audio"];
    const path = await record(`ready-${ms}.ogg`, NOISE, ...options);
    const whole = readOpusStream(await readFile(path));
    const parts = await split({ path }, { maxDurationMs: 5000 });
    expect(parts.length).toBeGreaterThan(2);
    const streams = parts.map(({ bytes }) => readOpusStream(bytes));
    expect(streams.reduce((sum, { samples }) => sum + samples, 0)).toBe(whole.samples);
    const sizes = (packets: Uint8Array[]) => packets.map((packet) => Buffer.from(packet).toString("base64"));
    const known = new Set(sizes(whole.packets));
    expect(streams.flatMap(({ packets }) => sizes(packets)).every((packet) => known.has(packet))).toBe(true);
    for (const { durationMs } of parts) expect(durationMs).toBeLessThanOrEqual(5000);
  });

  it("may pause its transmission, or hold packets of one byte only", async () => {
    const packets = new Array<Uint8Array>(50 * 30).fill(Buffer.of(31 << 3));
    const bytes = writeOpusStream({ preSkip: 0, packets, samples: packets.length * 960 });
    const parts = await split({ bytes }, { maxDurationMs: 8000 });
    expect(parts.reduce((sum, { durationMs }) => sum + durationMs, 0)).toBe(30_000);
    for (const { waveform } of parts) expect(waveform).toEqual(new Array(100).fill(0));
  });
});

const begin = wav(pcmFormat(8000, 1), Buffer.alloc(0), 0xffff_ffff);
const random = pseudoRandom(5);
const second = Buffer.from(Uint16Array.from({ length: 8000 }, () => random() >>> 18).buffer);

async function* live(ending: () => Promise<unknown>): AsyncGenerator<Uint8Array> {
  yield begin;
  for (let n = 0; n < 150; n++) yield second;
  await ending();
  yield second;
}

describeWithFfmpeg("a recording that is still under way", () => {
  it("has its first parts before it has ended", async () => {
    const ending = Promise.withResolvers<void>();
    const recording = encodeVoice({ stream: Readable.from(live(() => ending.promise)) });
    let sumMs = 0;
    for await (const { chunks, facts } of splitVoice(recording, { maxDurationMs: 30_000 })) {
      await buffer(chunks);
      sumMs += (await facts).durationMs;
      ending.resolve();
    }
    expect(Math.abs(sumMs - 151_000)).toBeLessThan(10);
    expect(await recording.facts).toMatchObject({ durationMs: 151_000 });
  });

  it.each(["between two parts", "within one"])("ends when it is left: %s", async (where) => {
    const source = Readable.from(live(() => new Promise(() => {})));
    for await (const { chunks } of splitVoice(encodeVoice({ stream: source }), { maxDurationMs: 30_000 })) {
      for await (const _ of chunks) if (where === "within one") break;
      break;
    }
    await expect.poll(() => source.destroyed).toBe(true);
    await expect.poll(children).toEqual([]);
  });

  it("fails as it fails", async () => {
    const reason = new Error("the microphone was pulled out");
    const source = Readable.from(live(() => Promise.reject(reason)));
    await expect(partsOf(encodeVoice({ stream: source }), { maxDurationMs: 30_000 })).rejects.toBe(reason);
  });
});

it("holds a minute of a recording, however long the parts are", () => {
  const cutter = new PartCutter(312, { maxBytes: 50_000_000 });
  const [packet, sound] = [Buffer.alloc(80, 7), Buffer.alloc(320)];
  packet[0] = 31 << 3;
  let given = 0;
  let mostHeld = 0;
  for (let n = 1; n <= 3600 * 50; n++) {
    cutter.push(packet, sound);
    for (const piece of cutter.take()) given += piece instanceof Uint8Array ? piece.length : 0;
    mostHeld = Math.max(mostHeld, n * packet.length - given);
  }
  expect(mostHeld / packet.length).toBeLessThan(65 * 50);
});
