import { type FileHandle, open } from "node:fs/promises";
import { inputArguments, REMUX_ARGUMENTS } from "./arguments.ts";
import { complaintsOfDamage, explain } from "./complaints.ts";
import { type FfmpegInput, type FfmpegLimits, startFfmpeg } from "./ffmpeg.ts";
import type { Reading } from "./formats.ts";
import { inItsForm, requireDescriptors } from "./input-form.ts";
import { OggError, OpusReader, type OpusStream } from "./ogg.ts";

/** Room for what Ogg adds to what was read. */
const MAX_BYTES = 40 * 1024 * 1024;

/**
 * Takes Opus packets out of another container. ffmpeg only moves them: it may open no other decoder, and this one has
 * nothing to decode. Of the times it says, only the end of the last packet counts.
 *
 * @throws OggError, SottoError when it is anything but one whole stream, without a complaint of ffmpeg
 */
export async function remuxOpus(
  input: FfmpegInput,
  reading: Reading,
  limits: FfmpegLimits,
): Promise<OpusStream> {
  const runs = inItsForm(input, async function* (form) {
    const ffmpeg = await startFfmpeg({
      ...limits,
      args: [...inputArguments({ ...reading, decoders: ["opus", "libopus"] }, form), ...REMUX_ARGUMENTS],
      input,
    });
    try {
      const reader = new OpusReader("rough");
      const packets: Uint8Array[] = [];
      let bytes = 0;
      let trouble: unknown;
      try {
        for await (const chunk of ffmpeg.output as AsyncIterable<Buffer>) {
          bytes += chunk.length;
          if (bytes > MAX_BYTES) throw new OggError("more than the recording can have");
          packets.push(...reader.push(chunk));
        }
      } catch (error) {
        trouble = error;
        ffmpeg.kill();
      }
      const end = await ffmpeg.ended;
      requireDescriptors(end);
      if (trouble) throw trouble;
      if (end.exit !== 0 || complaintsOfDamage(end) !== "") throw explain(end);
      const samples = reader.end();
      return { ...reader.head!, packets, samples };
    } finally {
      ffmpeg.kill();
      await ffmpeg.ended.catch(() => {});
    }
  });
  for (;;) {
    const { value, done } = await runs.next();
    if (done) return value;
  }
}

/** The same open file with a position of its own, at its beginning; Linux has it also for one without a name. */
export const reopened = (fd: number): Promise<FileHandle | undefined> =>
  open(`/proc/self/fd/${fd}`, "r").catch(() => undefined);
