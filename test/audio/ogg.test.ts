import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OggError, opusDurationMs, opusPacketSamples, readOpusStream } from "../../src/audio/ogg.ts";
import { oggChecksum } from "../../src/audio/ogg-checksum.ts";
import { type MonoOpus, writeOpusStream } from "../../src/audio/ogg-writer.ts";

/** Opus packets of 20 ms (SILK, one frame) whose content is noise: readers of Ogg never look into it. */
const packet = fc
  .uint8Array({ minLength: 0, maxLength: 1275 })
  .map((frame) => Buffer.concat([Buffer.of(1 << 3), frame]));

const stream: fc.Arbitrary<MonoOpus> = fc
  .record({
    packets: fc.array(packet, { minLength: 1, maxLength: 180 }),
    preSkip: fc.integer({ min: 0, max: 959 }),
    trimmed: fc.nat(959),
  })
  .map(({ packets, preSkip, trimmed }) => ({
    packets,
    preSkip,
    samples: Math.max(1, packets.length * 960 - preSkip - trimmed),
  }));

const sample: MonoOpus = {
  packets: Array.from({ length: 120 }, (_, index) =>
    Buffer.concat([Buffer.of(8), Buffer.alloc(3 * index, index)]),
  ),
  preSkip: 312,
  samples: 120 * 960 - 312 - 100,
};

/** Where each page begins. */
function pageStarts(ogg: Buffer): number[] {
  const starts: number[] = [];
  for (let at = ogg.indexOf("OggS"); at !== -1; at = ogg.indexOf("OggS", at + 1)) starts.push(at);
  return starts;
}

/** Changes one page and makes its checksum right again. */
function withPage(index: number, change: (page: Buffer) => void): Buffer {
  const ogg = Buffer.from(writeOpusStream(sample));
  const starts = pageStarts(ogg);
  const page = ogg.subarray(starts.at(index)!, starts.slice(index)[1] ?? ogg.length);
  change(page);
  page.writeUInt32LE(oggChecksum(page), 22);
  return ogg;
}

function withoutPage(index: number): Buffer {
  const ogg = Buffer.from(writeOpusStream(sample));
  const starts = [...pageStarts(ogg), ogg.length];
  return Buffer.concat([ogg.subarray(0, starts[index]), ogg.subarray(starts[index + 1])]);
}

describe("an Ogg Opus stream", () => {
  it("is read as it was written: packets byte for byte, length to the sample", () => {
    fc.assert(
      fc.property(stream, (written) => {
        const read = readOpusStream(writeOpusStream(written));
        const needed = written.packets.slice(0, Math.ceil((written.preSkip + written.samples) / 960));
        expect(read).toMatchObject({ channels: 1, preSkip: written.preSkip, samples: written.samples });
        expect(Buffer.concat(read.packets)).toEqual(Buffer.concat(needed));
      }),
      { numRuns: 50 },
    );
  });

  it("has an empty comment header", () => {
    const tags = Buffer.from(writeOpusStream(sample));
    const at = tags.indexOf("OpusTags");
    expect(tags.subarray(at + 8, tags.indexOf("OggS", at))).toEqual(Buffer.alloc(8));
  });

  it("has a serial number of its own each time", () => {
    const serials = Array.from({ length: 20 }, () => Buffer.from(writeOpusStream(sample)).readUInt32LE(14));
    expect(new Set(serials).size).toBe(20);
  });

  it("has a page for each second at least", () => {
    expect(pageStarts(Buffer.from(writeOpusStream(sample)))).toHaveLength(2 + 3);
  });

  it("lasts from the pre-skip to the last granule position", () => {
    expect(opusDurationMs({ samples: 48_000 })).toBe(1000);
    expect(opusDurationMs({ samples: 313_968 })).toBe(6541);
  });

  it("is refused when any bit is wrong", () => {
    const ogg = Buffer.from(writeOpusStream(sample));
    fc.assert(
      fc.property(fc.nat(ogg.length * 8 - 1), (bit) => {
        const damaged = Buffer.from(ogg);
        damaged[bit >> 3]! ^= 1 << (bit & 7);
        expect(() => readOpusStream(damaged)).toThrow(OggError);
      }),
    );
  });

  it("is refused when it is cut anywhere", () => {
    const ogg = Buffer.from(writeOpusStream(sample));
    fc.assert(
      fc.property(fc.nat(ogg.length - 1), (end) => {
        expect(() => readOpusStream(ogg.subarray(0, end))).toThrow(OggError);
      }),
    );
  });

  it.each([
    ["chained", Buffer.concat([writeOpusStream(sample), writeOpusStream(sample)])],
    ["followed by something", Buffer.concat([writeOpusStream(sample), Buffer.from("ID3")])],
    ["multiplexed", withPage(3, (page) => page.writeUInt32LE(7, 14))],
    ["without a page", withoutPage(3)],
    ["without tags", withoutPage(1)],
    ["without an end", withPage(-1, (page) => page.writeUInt8(0, 5))],
    ["ended before its end", withPage(3, (page) => page.writeUInt8(4, 5))],
    ["begun twice", withPage(3, (page) => page.writeUInt8(2, 5))],
    ["of a later version of Opus", withPage(0, (page) => page.writeUInt8(0x10, 28 + 8))],
    ["of a later version of Ogg", withPage(0, (page) => page.writeUInt8(1, 4))],
    ["with a hole in time", withPage(3, (page) => page.writeBigInt64LE(page.readBigInt64LE(6) + 960n, 6))],
    ["running backwards", withPage(-1, (page) => page.writeBigInt64LE(1n, 6))],
    ["with a time of nothing", withPage(-1, (page) => page.writeBigInt64LE(-1n, 6))],
    ["empty", Buffer.alloc(0)],
  ])("is refused when it is %s", (_, ogg) => {
    expect(() => readOpusStream(ogg)).toThrow(OggError);
  });

  it("may have begun before it was recorded", () => {
    const ogg = Buffer.from(writeOpusStream(sample));
    for (const start of pageStarts(ogg).slice(2)) {
      const page = ogg.subarray(
        start,
        ogg.indexOf("OggS", start + 1) === -1 ? ogg.length : ogg.indexOf("OggS", start + 1),
      );
      page.writeBigInt64LE(page.readBigInt64LE(6) + 1_000_000n, 6);
      page.writeUInt32LE(oggChecksum(page), 22);
    }
    expect(readOpusStream(ogg).samples).toBe(sample.samples);
  });

  it("is refused with an error of its own, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (tail) => {
        const bytes = Buffer.concat([Buffer.from("OggS\0\x02"), tail]);
        expect(() => readOpusStream(bytes)).toThrow(OggError);
      }),
    );
  });
});

describe("opusPacketSamples", () => {
  // RFC 6716 table 2, and section 3.2 for the frame counts
  it.each([
    ["SILK, 10 ms", [0 << 3], 480],
    ["SILK, 60 ms", [3 << 3], 2880],
    ["hybrid, 20 ms", [13 << 3], 960],
    ["CELT, 2.5 ms", [16 << 3], 120],
    ["CELT, 20 ms", [31 << 3], 960],
    ["two frames of one size", [(31 << 3) | 1], 1920],
    ["two frames of two sizes", [(31 << 3) | 2], 1920],
    ["three frames", [(31 << 3) | 3, 3], 2880],
    ["forty-eight frames of 2.5 ms", [(16 << 3) | 3, 48], 5760],
  ])("counts %s", (_, bytes, samples) => {
    expect(opusPacketSamples(Uint8Array.from(bytes))).toBe(samples);
  });

  it.each([
    ["nothing", []],
    ["no frames", [(31 << 3) | 3, 0]],
    ["no frame count", [(31 << 3) | 3]],
    ["more than 120 ms", [(31 << 3) | 3, 7]],
  ])("refuses %s", (_, bytes) => {
    expect(() => opusPacketSamples(Uint8Array.from(bytes))).toThrow(OggError);
  });
});

describe("oggChecksum", () => {
  it("is the polynomial of RFC 3533, over a checksum field of zero", () => {
    const page = Buffer.alloc(28, 0);
    page[27] = 1;
    page.writeUInt32LE(0xffff_ffff, 22);
    expect(oggChecksum(page)).toBe(0x04c1_1db7);
  });
});
