import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { deal, inOrder, inWholeSamples } from "../../src/audio/chunks.ts";
import { pseudoRandom } from "./by-hand.ts";

const FRAME = 960;
const CHUNK = 500 * FRAME;
const PRE_SKIP = 312;

/** PCM whose samples are the number of the packet that they are to become. */
const numbered = (samples: number): Buffer =>
  Buffer.from(Int16Array.from({ length: samples }, (_, at) => Math.floor(at / FRAME)).buffer);

/** Cut anywhere, also within a sample. */
function* inPieces(pcm: Buffer, seed: number): Generator<Buffer> {
  const random = pseudoRandom(seed);
  for (let at = 0; at < pcm.length; ) {
    const end = at + 1 + (random() % 200_000);
    yield pcm.subarray(at, end);
    at = end;
  }
}

/** What each of so many encoders is dealt. */
async function dealt(pcm: Buffer, encoders: number): Promise<Int16Array[]> {
  const lanes: Uint8Array[][] = Array.from({ length: encoders }, () => []);
  let at = 0;
  for await (const piece of inWholeSamples(Readable.from(inPieces(pcm, encoders)))) {
    for (const { encoder, part } of deal(piece, at, encoders)) lanes[encoder]!.push(part);
    at += piece.length;
  }
  return lanes.map((parts) => new Int16Array(Uint8Array.from(Buffer.concat(parts)).buffer));
}

/** As libopus does: a packet for each 20 ms, and one more when what it is late by goes beyond the last. */
async function* encoded(samples: Int16Array): AsyncGenerator<Uint8Array[], void> {
  const packets = samples.length === 0 ? 0 : Math.ceil((samples.length + PRE_SKIP) / FRAME);
  const batch = 37;
  for (let first = 0; first < packets; first += batch) {
    const numbers = Array.from({ length: Math.min(batch, packets - first) }, (_, index) => {
      const at = (first + index) * FRAME;
      return at < samples.length ? samples[at]! : samples.at(-1)! + 1;
    });
    yield numbers.map((number) => new Uint8Array(Int16Array.of(number).buffer));
  }
}

describe("chunks of sound", () => {
  it.each([
    ["a sample", 1],
    ["what ends before the next chunk's pre-roll", CHUNK - 30 * FRAME],
    ["what ends in the pre-roll", CHUNK - 3 * FRAME - 5],
    ["what has its last packet at the end of a chunk", CHUNK - PRE_SKIP],
    ["what has one sample more", CHUNK - PRE_SKIP + 1],
    ["a chunk", CHUNK],
    ["what ends in the post-roll", CHUNK + 7],
    ["five chunks and a half", 5.5 * CHUNK],
  ])("come together packet for packet, whoever encoded them: %s", async (_, samples) => {
    const pcm = numbered(samples);
    const whole = Array.from({ length: Math.ceil((samples + PRE_SKIP) / FRAME) }, (_, number) => number);
    for (const encoders of [2, 3, 4]) {
      const numbers: number[] = [];
      for await (const packets of inOrder((await dealt(pcm, encoders)).map(encoded)))
        for (const packet of packets) numbers.push(new Int16Array(packet.buffer)[0]!);
      expect(numbers).toEqual(whole);
    }
  });

  it("meet in an encoder without a jump, however loud they are", async () => {
    const everySevenSeconds = (2 * Math.PI) / (7 * 50 * FRAME);
    const wave = Int16Array.from(
      { length: 4.5 * CHUNK },
      (_, at) => 32_767 * Math.cos(at * everySevenSeconds),
    );
    const loud = Buffer.from(wave.buffer);
    for (const encoders of [2, 3]) {
      for (const samples of await dealt(loud, encoders)) {
        const steps = samples.subarray(1).map((sample, index) => Math.abs(sample - samples[index]!));
        expect(steps.reduce((most, step) => Math.max(most, step), 0)).toBeLessThan(60);
      }
    }
  });
});
