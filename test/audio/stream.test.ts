import { PassThrough, Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { expect, it } from "vitest";
import { encodeVoice } from "../../src/audio/index.ts";
import { readOpusStream } from "../../src/audio/ogg.ts";
import { pcmFormat, pseudoRandom, wav } from "./by-hand.ts";
import { clipOf } from "./clip.ts";
import { children, describeWithFfmpeg, hideFfmpeg, record } from "./with-ffmpeg.ts";

const RATE = 8000;
const begin = wav(pcmFormat(RATE, 1), Buffer.alloc(0), 0xffff_ffff);
const random = pseudoRandom(5);
const second = Buffer.from(Uint16Array.from({ length: RATE }, () => random() >>> 18).buffer);

describeWithFfmpeg("a clip while it is encoded", () => {
  it("is whole when it has been taken, and its facts come with its end", async () => {
    const path = await record("voice.wav", "sine=frequency=440:duration=7.3,tremolo=f=0.3:d=0.9");
    const stream = encodeVoice({ path });
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream.chunks) chunks.push(chunk);
    expect(chunks.length).toBeGreaterThan(1); // a quick ffmpeg fills many pages before anybody looks
    const { bytes, ...facts } = await clipOf({ path });
    expect(await stream.facts).toEqual(facts);
    // but for the serial number, which is drawn
    expect(readOpusStream(Buffer.concat(chunks))).toEqual(readOpusStream(bytes));
  });

  it("comes before the recording has ended", async () => {
    const ending = Promise.withResolvers<void>();
    const source = Readable.from(
      (async function* () {
        yield begin;
        for (let n = 0; n < 20; n++) yield second;
        await ending.promise;
        yield second;
      })(),
    );
    const { facts, ...stream } = encodeVoice({ stream: source });
    const chunks = stream.chunks[Symbol.asyncIterator]();
    expect((await chunks.next()).value?.length).toBeGreaterThan(0);
    ending.resolve();
    while (!(await chunks.next()).done);
    expect(await facts).toMatchObject({ durationMs: 21_000 });
  });

  it("waits for whoever takes it: the recording is not read ahead of them", async () => {
    const length = 900;
    let seconds = 0;
    const source = Readable.from(
      (async function* () {
        yield begin;
        for (; seconds < length; seconds++) yield second;
      })(),
    );
    for await (const _ of encodeVoice({ stream: source }).chunks) {
      // until it stands still, at its end or because of us
      for (let before = -1; before < seconds; await setTimeout(300)) before = seconds;
      break;
    }
    expect(seconds).toBeLessThan(length / 2); // the pipes and ffmpeg's own queues hold some
  });

  it("ends when it is left", async () => {
    const source = Readable.from(
      (async function* () {
        yield begin;
        for (;;) yield second;
      })(),
    );
    const stream = encodeVoice({ stream: source });
    for await (const _ of stream.chunks) break;
    await expect(stream.facts).rejects.toThrow();
    await expect.poll(() => source.destroyed).toBe(true);
    await expect.poll(children).toEqual([]);
  });

  it("ends with the error, which its facts have too", async () => {
    hideFfmpeg();
    const stream = encodeVoice({ stream: Readable.from([begin, second]) });
    const missing = { code: "FFMPEG_MISSING" };
    await expect(stream.chunks[Symbol.asyncIterator]().next()).rejects.toMatchObject(missing);
    await expect(stream.facts).rejects.toMatchObject(missing);
  });

  it("ends at once when it is left, however silent its source", async () => {
    const source = new PassThrough();
    const { chunks, facts } = encodeVoice({ stream: source });
    source.write(begin);
    const reason = new Error("nobody wants it");
    chunks.destroy(reason);
    await expect(facts).rejects.toBe(reason);
    await expect.poll(() => source.destroyed).toBe(true);
    await expect.poll(children).toEqual([]);
  });

  it.each([
    ["nothing at all", Buffer.alloc(0)],
    ["the beginning of an Ogg stream", Buffer.from("OggS")],
    ["the beginning of an M4A", Buffer.from("\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom\0\0\0\0", "latin1")],
  ])("is given up when its source falls silent after %s", async (_what, came) => {
    const source = new PassThrough();
    source.write(came);
    const { facts } = encodeVoice({ stream: source }, { timeLimitMs: 200 });
    await expect(facts).rejects.toMatchObject({ code: "TIMEOUT" });
    await expect.poll(() => source.destroyed).toBe(true);
  });
});
