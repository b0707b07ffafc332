import { readFile } from "node:fs/promises";
import { readOpusStream } from "../../src/audio/ogg.ts";
import { SottoError } from "../../src/errors.ts";
import type { RawFormat } from "../../src/model/raw-format.ts";
import { pseudoRandom } from "./by-hand.ts";
import { clipOf } from "./clip.ts";
import { INPUTS, makeInput } from "./inputs.ts";

export interface Seed {
  name: string;
  bytes: Buffer;
  raw?: RawFormat;
}

export interface Mutant extends Seed {
  /** How many share it. */
  encoders: number;
}

/** A second of each kind of recording. */
export async function makeSeeds(folder: string, ffmpeg: string): Promise<Seed[]> {
  const seeds: Seed[] = [];
  for (const input of INPUTS) {
    const bytes = await readFile(await makeInput(input, folder, ffmpeg, 1));
    seeds.push({ name: input.name, bytes, ...(input.raw && { raw: input.raw }) });
  }
  return seeds;
}

const EXTREMES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/** Damages a recording as its number says: the same number gives the same bytes. */
export function mutate(seeds: readonly Seed[], number: number): Mutant {
  const next = pseudoRandom(number * 2_654_435_761 + 1);
  for (let n = 0; n < 8; n++) next();
  const below = (limit: number): number => next() % Math.max(1, limit);
  const seed = seeds[number % seeds.length]!;
  let bytes = Buffer.from(seed.bytes);
  /** Most of what can go wrong stands in a header. */
  const place = (): number => below(next() % 3 === 0 ? bytes.length : Math.min(bytes.length, 600));
  for (let times = 1 + below(6); times > 0; times--) {
    const kind = below(7);
    const at = place();
    if (kind === 0) bytes[at] = next() & 0xff;
    else if (kind === 1) bytes[at] = bytes[at]! ^ (1 << below(8));
    else if (kind === 2 && bytes.length > 8) {
      const value = EXTREMES[below(EXTREMES.length)]!;
      const to = Math.min(at, bytes.length - 4);
      if (next() & 1) bytes.writeUInt32LE(value, to);
      else bytes.writeUInt32BE(value, to);
    } else if (kind === 3) bytes = Buffer.from(bytes.subarray(0, Math.max(16, below(bytes.length))));
    else if (kind === 4) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + below(64))]);
    else if (kind === 5) {
      const again = bytes.subarray(at, at + below(4096));
      bytes = Buffer.concat([bytes.subarray(0, at), again, bytes.subarray(at)]);
    } else {
      const other = seeds[below(seeds.length)]!.bytes;
      bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(below(other.length))]);
    }
  }
  return { ...seed, name: `${seed.name}, mutant ${number}`, bytes, encoders: number % 5 === 0 ? 2 : 1 };
}

/** `AUDIO_UNREADABLE` and `TIMEOUT` are for sources, and not for contents; a mutant must not be one of our faults. */
const ALLOWED = new Set(["AUDIO_NOT_AUDIO", "AUDIO_EMPTY", "AUDIO_TOO_LARGE", "FFMPEG_FAILED"]);

/**
 * Sends a mutant through the audio room: what comes must be a good voice message or an error code.
 *
 * @returns `sent`, `truncated` or the error's code
 * @throws Error when it is anything else
 */
export async function tryMutant({ name, bytes, raw, encoders }: Mutant): Promise<string> {
  const limits = { encoders, maxDurationMs: 120_000, timeLimitMs: 60_000, maxHeldBytes: 16 * 1024 ** 2 };
  try {
    const clip = await clipOf({ bytes }, { ...limits, ...(raw && { raw }) });
    const stream = readOpusStream(clip.bytes);
    const isGood =
      stream.channels === 1 &&
      clip.durationMs === Math.round(stream.samples / 48) &&
      clip.durationMs <= limits.maxDurationMs &&
      clip.waveform.length === 100 &&
      clip.waveform.every((point) => Number.isInteger(point) && point >= 0 && point <= 1024);
    if (!isGood) throw new Error(`${name}: a bad voice message`);
    return clip.truncated ? "truncated" : "sent";
  } catch (error) {
    if (!(error instanceof SottoError)) throw new Error(`${name}: ${error}`, { cause: error });
    if (!ALLOWED.has(error.code) || /did not finish within/.test(error.message)) {
      throw new Error(`${name}: ${error.code} ${error.message}`, { cause: error });
    }
    return error.code;
  }
}
