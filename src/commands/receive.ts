import { Command } from "commander";
import { configSource, dataDirectoryOf } from "../config/data-directory.ts";
import { SottoError } from "../errors.ts";
import type { Unproven } from "../model/event.ts";
import type { Emitted, Received } from "../service/operations.ts";
import { requireWritableFolder } from "../service/private-file.ts";
import { receivedFile } from "../service/received-file.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { conversionTo, targetFormat } from "./shared/conversion.ts";
import { perform } from "./shared/holder.ts";
import { requireRoomId } from "./shared/ids.ts";
import { printJson, printText, say, spokenDuration, wholeNumber } from "./shared/output.ts";

interface ReceiveFlags extends CommonOptions {
  out: string;
  room?: string;
  count?: string;
  timeout?: string;
  format?: string;
}

export function command(context: Context): Command {
  return new Command("receive")
    .description("decrypt voice messages to files as they come")
    .requiredOption("--out <directory>", "where the files go; made if it is not there")
    .option(
      "--format <format>",
      "wav, wav:RATE (8000 when not said), mp3, m4a, flac or ogg; else as it was sent",
    )
    .option("--room <roomId>", "only this room")
    .option("--count <n>", "end after so many")
    .option("--timeout <seconds>", "end after this time; an error if --count was not reached")
    .action((flags: ReceiveFlags) => receive(context, flags));
}

/** A week: a timer for more than 24 days ends at once. */
const LONGEST_TIMEOUT_S = 604_800;

async function receive(context: Context, flags: ReceiveFlags): Promise<void> {
  const count = flags.count === undefined ? undefined : wholeNumber(flags.count, "--count");
  if (flags.room !== undefined) requireRoomId(flags.room);
  const target = flags.format === undefined ? undefined : targetFormat(flags.format);
  const signals = [context.signal];
  if (flags.timeout !== undefined)
    signals.push(AbortSignal.timeout(wholeNumber(flags.timeout, "--timeout", LONGEST_TIMEOUT_S) * 1000));
  const source = configSource(flags.config, context.env);
  await dataDirectoryOf(source); // before a folder is made for nothing
  const conversion = target && (await conversionTo(target, source));
  requireWritableFolder(flags.out);
  const signal = AbortSignal.any(signals);
  let received = 0;
  const emit = async (message: Emitted): Promise<void> => {
    if (message.kind === "withheld") return report(context, flags, message);
    if (message.kind !== "voice") return;
    const { file, unconverted } = await receivedFile(flags.out, message, conversion);
    received += 1;
    const { eventId, roomId, sender, senderDeviceId, durationMs, trust, unproven, sentMs } = message;
    if (flags.json)
      printJson(context, {
        eventId,
        roomId,
        sender,
        senderDeviceId,
        file,
        durationMs,
        trust,
        unproven,
        sentMs,
        ...(unconverted && { unconverted: unconverted.code }),
      });
    else printText(context, `${file}  ${spokenDuration(durationMs ?? 0)}  ${sender} (${trust})`);
    if (unproven && !flags.json)
      say(context, `${file}: nothing proves that ${sender} sent it; ${WHY[unproven]}`);
    if (unconverted && !flags.json)
      say(context, `${file}: kept as it was sent; ${unconverted.message} (${unconverted.code})`);
  };
  // another holder may end while we wait; the next one, perhaps this process, goes on
  while (!signal.aborted && received < (count ?? Number.POSITIVE_INFINITY)) {
    const args = { room: flags.room, ...(count === undefined ? {} : { count: count - received }) };
    await perform<Received>(context, flags, { operation: "receive", args, signal, emit }).catch((thrown) => {
      if (thrown !== signal.reason) throw thrown; // the end that was asked for
    });
  }
  if (count === undefined || received === count) return;
  context.signal.throwIfAborted();
  throw new SottoError("TIMEOUT", `${received} of ${count} voice messages came in time`);
}

const WHY: Record<Unproven, string> = {
  "key-from-backup": "its room key came from a backup, into which a homeserver can put keys of its own",
  "unknown-device": "the sender does not show the device that it came from",
};

function report(
  context: Context,
  flags: ReceiveFlags,
  message: Extract<Emitted, { kind: "withheld" }>,
): void {
  if (flags.json) say(context, JSON.stringify(message));
  else say(context, `not handed on: ${message.message} (${message.why}); ${message.cure}`);
}
