import { Command } from "commander";
import type { SendResult } from "../service/pipeline.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { perform } from "./shared/holder.ts";
import { drawWaveform, namedWithheld, printJson, printText, say, spokenDuration } from "./shared/output.ts";
import { type CareFlags, careOf, openSource, rawFormat, withCareFlags } from "./shared/recording.ts";

interface SendFlags extends CommonOptions, CareFlags {
  room: string;
  title?: string;
  replyTo?: string;
  thread?: string;
  raw?: string;
  split?: true;
}

export function command(context: Context): Command {
  const described = new Command("send")
    .description("send one voice message")
    .argument("<audio>", "a recording in any usual format, or - for standard input")
    .requiredOption("--room <room>", "room ID, alias, or @user for the direct chat with them")
    .option("--title <title>", "name of the file that people see when they save it")
    .option("--reply-to <eventId>", "the event this answers")
    .option("--thread <eventId>", "the root event of a thread")
    .option("--split", "send what does not fit into one message as several, cut where it is quiet")
    .option("--raw <format>", "what a recording without any header is: coding, Hz, channels (s16le:8000:1)");
  return withCareFlags(described).action((audio: string, flags: SendFlags) => send(context, audio, flags));
}

async function send(context: Context, audio: string, flags: SendFlags): Promise<void> {
  const { room, title, replyTo, thread, split } = flags;
  const raw = flags.raw === undefined ? undefined : await rawFormat(flags.raw);
  const result = await perform<SendResult>(context, flags, {
    operation: "send",
    args: { room, title, replyTo, thread, ...(raw && { raw }), ...(split && { split }), ...careOf(flags) },
    source: await openSource(context, audio),
  }).finally(() => {
    // whoever feeds a pipe that is not read to its end must not keep us
    if (audio === "-") context.stdin.destroy();
  });
  if (flags.json) return printJson(context, result);
  const parts = result.parts ?? [result];
  for (const { waveform, durationMs } of parts)
    say(context, `${drawWaveform(waveform)}  ${spokenDuration(durationMs)}`);
  if (result.truncated)
    say(context, "the recording was cut short or is damaged: this is what there was of it");
  say(context, `sent to ${result.roomId}${parts.length > 1 ? ` in ${parts.length} parts` : ""}`);
  for (const { eventId } of parts) printText(context, eventId);
  // between two parts, a device may have gone
  const devices = Math.min(...parts.map(({ sharedWith }) => sharedWith.length));
  say(context, `${plural(devices, "device")} can play it`);
  for (const line of new Set(parts.flatMap(({ withheld }) => namedWithheld(withheld)))) say(context, line);
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;
