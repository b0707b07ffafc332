import { existsSync } from "node:fs";
import { Command } from "commander";
import { configSource } from "../config/data-directory.ts";

import { type Examined, type ExamineOptions, examine } from "../service/audio.ts";
import { createPrivateFile, requireCreatable } from "../service/private-file.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { drawWaveform, printJson, printText, say, spokenDuration } from "./shared/output.ts";
import { showProgress } from "./shared/progress.ts";
import { type CareFlags, careOf, openSource, rawFormat, withCareFlags } from "./shared/recording.ts";

interface AudioFlags extends CommonOptions, CareFlags {
  out?: string;
  raw?: string;
}

export function command(context: Context): Command {
  const described = new Command("audio")
    .description("say what a recording is and what would be sent of it; needs no account")
    .argument("<audio>", "a recording in any usual format, or - for standard input")
    .option("--out <file>", "keep what would be sent")
    .option("--raw <format>", "what a recording without any header is: coding, Hz, channels (s16le:8000:1)");
  return withCareFlags(described).action((audio: string, flags: AudioFlags) =>
    inspect(context, audio, flags),
  );
}

async function inspect(context: Context, audio: string, flags: AudioFlags): Promise<void> {
  if (flags.out !== undefined) requireCreatable(flags.out);
  const raw = flags.raw === undefined ? undefined : await rawFormat(flags.raw);
  const options = { ...(await configured(context, flags)), ...(raw && { raw }), signal: context.signal };
  const source = await openSource(context, audio);
  const progress = showProgress(context);
  const examined = await examine(source, { ...options, shortLived: true, onPart: progress.at }).finally(
    () => {
      progress.end();
      if (audio === "-") context.stdin.destroy();
    },
  );
  if (flags.out !== undefined) createPrivateFile(flags.out, examined.clip.bytes);
  if (flags.json) printJson(context, documentOf(examined));
  else for (const line of linesOf(examined)) printText(context, line);
  if (examined.clip.truncated)
    say(context, "the recording was cut short or is damaged: this is what there was of it");
}

/** What a config says of encoding, where there is one, and the flags. */
async function configured(context: Context, flags: AudioFlags): Promise<ExamineOptions> {
  const source = configSource(flags.config, context.env);
  const { care } = careOf(flags);
  if (flags.config === undefined && !source.files.every((file) => existsSync(file)))
    return care ? { care } : {};
  const { loadConfig } = await import("../config/load.ts");
  const { audioOptions, withCare } = await import("../service/audio-options.ts");
  return withCare(audioOptions(loadConfig(source)), care);
}

function documentOf({ found, clip, clipLoudnessLufs }: Examined): object {
  const { container, codec, sampleRate, channels, loudnessLufs } = found;
  const { durationMs, waveform, truncated, encodedBecause } = clip;
  return {
    ...{ container, codec, sampleRate, channels, durationMs, loudnessLufs: loudnessLufs ?? null },
    ...{ fastPath: encodedBecause === undefined, ...(encodedBecause && { encodedBecause }) },
    ...{
      size: clip.bytes.length,
      clipLoudnessLufs: clipLoudnessLufs ?? null,
      waveform,
      ...(truncated && { truncated }),
    },
  };
}

function linesOf({ found, clip, clipLoudnessLufs }: Examined): string[] {
  const { container, codec, sampleRate, channels, loudnessLufs } = found;
  const how = clip.encodedBecause
    ? `encoded anew, because ${clip.encodedBecause}`
    : "the recording's own packets, not encoded again";
  return [
    `found  ${container}, ${codec}, ${sampleRate} Hz, ${channels}, ${spokenLoudness(loudnessLufs)}`,
    `       ${drawWaveform(clip.waveform)}  ${spokenDuration(clip.durationMs)}`,
    `sends  Ogg/Opus, mono, ${clip.bytes.length} bytes, ${spokenLoudness(clipLoudnessLufs)}`,
    `       ${how}`,
  ];
}

const spokenLoudness = (lufs: number | undefined): string =>
  lufs === undefined ? "loudness unknown" : `${lufs.toFixed(1)} LUFS`;
