import { availableParallelism } from "node:os";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { countedAsUnderWay, freeEncoders, seemingMs } from "../../src/audio/free-encoders.ts";
import { openInput } from "../../src/audio/input.ts";
import type { AudioSource } from "../../src/model/recording.ts";
import { pcmFormat, wav } from "./by-hand.ts";

const LONG_MS = 121_000;
const ALL = Math.min(4, availableParallelism());

describe("encoders", () => {
  it("are as many as there are cores, up to four, for a recording of more than two minutes", () => {
    expect([freeEncoders(LONG_MS), freeEncoders(119_000), freeEncoders()]).toEqual([ALL, 1, 1]);
  });

  it("are one while another recording is encoded, and several again when it has ended or failed", async () => {
    const goOn = Promise.withResolvers<void>();
    const underWay = countedAsUnderWay(
      (async function* () {
        yield 1;
        await goOn.promise;
      })(),
    );
    await underWay.next();
    expect(freeEncoders(LONG_MS)).toBe(1);
    goOn.reject(new Error("it fails"));
    await expect(underWay.next()).rejects.toThrow("it fails");
    expect(freeEncoders(LONG_MS)).toBe(ALL);
  });
});

describe("how long a recording seems to be", () => {
  const seemsMs = async (source: AudioSource) => {
    const input = await openInput(source, {});
    try {
      return seemingMs(input);
    } finally {
      await input.close();
    }
  };
  const minute = wav(pcmFormat(8000, 2), Buffer.alloc(60 * 32_000));

  it("is told by the header of a WAV", async () => {
    expect(await seemsMs({ bytes: minute })).toBeCloseTo(60_000, -2);
  });

  it("is not known of a stream whose size nobody knows", async () => {
    expect(await seemsMs({ stream: Readable.from([minute]) })).toBeUndefined();
  });

  it("is guessed from the size where the header does not tell", async () => {
    const amr = Buffer.concat([Buffer.from("#!AMR\n"), Buffer.alloc(32 * 50 * 60)]);
    expect(await seemsMs({ bytes: amr })).toBeCloseTo(60_000, -2);
  });

  it("is some length for a header that lies", async () => {
    const lying = pcmFormat(8000, 1);
    lying.writeUInt32LE(0, 8);
    expect(await seemsMs({ bytes: wav(lying, Buffer.alloc(16_000)) })).toBeGreaterThan(0);
  });
});
