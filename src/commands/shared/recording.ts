import type { Command } from "commander";
import { SottoError } from "../../errors.ts";
import type { RawFormat } from "../../model/raw-format.ts";
import type { AudioSource } from "../../model/recording.ts";
import type { SoundCare } from "../../model/sound-care.ts";
import type { Context } from "./context.ts";

/** As they are typed; the bounds of the numbers are checked where the sound is. */
export interface CareFlags {
  loudness?: string;
  trimSilence?: true;
  highPass?: string;
}

export const withCareFlags = (command: Command): Command =>
  command
    .option("--loudness <lufs>", "bring it to this loudness (EBU R128), such as -16 for quiet voicemail")
    .option("--trim-silence", "take away the silence before and behind the sound")
    .option("--high-pass <hz>", "take away what lies below, such as 80 for the hum of a telephone line");

/** Throws `USAGE`. */
export function careOf({ loudness, trimSilence, highPass }: CareFlags): { care?: SoundCare } {
  const care: SoundCare = {
    ...(loudness !== undefined && { loudnessLufs: numberOf(loudness, "--loudness") }),
    ...(trimSilence && { trimSilence }),
    ...(highPass !== undefined && { highPassHz: numberOf(highPass, "--high-pass") }),
  };
  return Object.keys(care).length > 0 ? { care } : {};
}

function numberOf(text: string, flag: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new SottoError("USAGE", `${flag} takes a number, not "${text}"`);
}

/** Throws `USAGE`. */
export async function rawFormat(text: string): Promise<RawFormat> {
  const { parseRawFormat, RAW_CODINGS } = await import("../../model/raw-format.ts");
  const format = parseRawFormat(text);
  if (format) return format;
  throw new SottoError("USAGE", `${text} is no raw format`, {
    cure: `give coding, Hz and channels, such as s16le:8000:1; codings: ${RAW_CODINGS.join(", ")}`,
  });
}

/** A path is looked at here, where the caller's rights and directory count; the bytes are read by whoever encodes. */
export async function openSource(context: Context, audio: string): Promise<AudioSource> {
  if (audio === "-") return { stream: context.stdin };
  const { access, constants, stat } = await import("node:fs/promises");
  const { resolve } = await import("node:path");
  await access(audio, constants.R_OK).catch((cause) => {
    throw new SottoError("AUDIO_UNREADABLE", `cannot read ${audio}`, { cause });
  });
  if (!(await stat(audio)).isFile()) {
    throw new SottoError("AUDIO_UNREADABLE", `${audio} is not a file`, {
      cure: "name a file, or give the recording on standard input",
    });
  }
  return { path: resolve(audio) };
}
