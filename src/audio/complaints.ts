import { SottoError } from "../errors.ts";

const REASON_MAX_LENGTH = 200;

/** How ffmpeg ended. */
export interface FfmpegEnd {
  /** Exit code, or the name of the signal that ended it. */
  exit: number | NodeJS.Signals;
  /** The beginning of what it wrote to standard error, as it wrote it. */
  complaints: string;
}

// what ffmpeg says of an input that is no recording, from version 5.1 to 9
const NOT_AUDIO =
  /Invalid data found|: End of file|matches no streams|not on whitelist|Decode error rate|does not contain any stream|could not find codec parameters|Invalid argument|No decoder for stream|not in allowed|cannot be decoded|Not yet implemented|Function not implemented|Output file is empty/i;

/** Why there is no clip. Its own words go no further than one short line in the log. */
export function explain({ exit, complaints }: FfmpegEnd): SottoError {
  if (/Unknown encoder 'libopus'/.test(complaints)) {
    return new SottoError("FFMPEG_MISSING", "this ffmpeg was built without libopus");
  }
  if (/^(bwrap|prlimit): /m.test(complaints)) {
    return new SottoError("FFMPEG_FAILED", "ffmpeg could not be started in its sandbox", {
      cause: firstLine(complaints),
      cure: "name a program in SOTTO_FFMPEG, not a script; `sotto doctor` says which layers hold",
    });
  }
  const cause = firstLine(complaints) ?? `ffmpeg ended with ${exit}`;
  if (typeof exit === "number" && NOT_AUDIO.test(complaints)) {
    return new SottoError("AUDIO_NOT_AUDIO", "ffmpeg finds no sound in the recording", { cause });
  }
  return new SottoError("FFMPEG_FAILED", "ffmpeg could not encode the recording", { cause });
}

/** What it says of the recording's own state; that it may not decode the pictures beside the sound is our doing. */
export const complaintsOfDamage = ({ complaints }: FfmpegEnd): string =>
  complaints
    .replace(/^.*Codec \([^)\n]*\) not on whitelist.*$|^ *Last message repeated \d+ times$/gm, "")
    .trim();

/** Version 5.1 has no protocol for open files; it says so before it has read any of one. */
export const knowsNoDescriptors = ({ complaints }: FfmpegEnd): boolean =>
  /Unrecognized option 'fd'/.test(complaints);

/** What ffmpeg complained of first, fit for a log: one short printable line, without the addresses it puts before. */
function firstLine(stderr: string): string | undefined {
  return stderr
    .replace(/^(\[[^\]\n]*\] ?)+/gm, "")
    .replace(/[^\x20-\x7E\n]/g, "")
    .split("\n")
    .map((line) => line.trim())
    .find(Boolean)
    ?.slice(0, REASON_MAX_LENGTH);
}
