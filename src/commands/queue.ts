import { Command } from "commander";
import { SottoError } from "../errors.ts";
import type { QueuedMessage, QueueList, ShownMessage } from "../service/queue.ts";
import type { Resent } from "../service/resend.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { perform } from "./shared/holder.ts";
import { namedWithheld, printJson, printText, say, spokenDuration, wholeNumber } from "./shared/output.ts";
import { confirmed } from "./shared/questions.ts";

interface ListFlags extends CommonOptions {
  limit: string;
}

interface DropFlags extends CommonOptions {
  yes?: true;
}

export function command(context: Context): Command {
  const queue = new Command("queue").description("messages that were accepted for sending");
  queue
    .command("list")
    .description("what waits to be sent, and what was given up")
    .option("--limit <n>", "how many at most, the oldest first", "200")
    .action((_flags: unknown, own: Command) => list(context, own.optsWithGlobals<ListFlags>()));
  queue
    .command("show")
    .description("one message: its recording, what became of it and why")
    .argument("<job>", "its number in `sotto queue list`")
    .action((job: string, _flags: unknown, own: Command) =>
      show(context, job, own.optsWithGlobals<CommonOptions>()),
    );
  queue
    .command("retry")
    .description("try a message again that was given up, once the reason is mended")
    .argument("<job>", "its number in `sotto queue list`")
    .action((job: string, _flags: unknown, own: Command) =>
      retry(context, job, own.optsWithGlobals<CommonOptions>()),
    );
  queue
    .command("drop")
    .description("give a message up for good: nobody gets it, and nothing of it is kept")
    .argument("<job>", "its number in `sotto queue list`")
    .option("--yes", "ask nothing")
    .action((job: string, _flags: unknown, own: Command) =>
      drop(context, job, own.optsWithGlobals<DropFlags>()),
    );
  queue
    .command("resend")
    .description("send a voice message again, for those who can read only what comes after it")
    .argument("<eventId>", "what `sotto send` printed")
    .action((eventId: string, _flags: unknown, own: Command) =>
      resendEvent(context, eventId, own.optsWithGlobals<CommonOptions>()),
    );
  return queue;
}

async function list(context: Context, flags: ListFlags): Promise<void> {
  const args = { limit: wholeNumber(flags.limit, "queue list --limit") };
  const listed = await perform<QueueList>(context, flags, { operation: "queue-list", args });
  if (flags.json) return printJson(context, listed);
  const { jobs, total } = listed;
  if (jobs.length === 0) return say(context, "nothing waits, and nothing was given up");
  for (const { job, state, acceptedMs, roomId, stopped, error } of jobs) {
    const words = [
      String(job).padStart(5),
      WORDS[state].padEnd(9),
      day(acceptedMs),
      roomId,
      error?.code ?? stopped?.code,
    ];
    printText(context, words.filter(Boolean).join("  "));
  }
  if (total > jobs.length) say(context, `and ${total - jobs.length} more: --limit ${total} lists them all`);
}

async function retry(context: Context, text: string, flags: CommonOptions): Promise<void> {
  const args = { job: wholeNumber(text, "queue retry") };
  const sent = await perform<QueuedMessage>(context, flags, { operation: "queue-retry", args });
  if (flags.json) return printJson(context, sent);
  say(context, `message ${sent.job} was sent to ${sent.roomId}`);
  printText(context, sent.eventId!);
}

async function show(context: Context, text: string, flags: CommonOptions): Promise<void> {
  const args = { job: wholeNumber(text, "queue show") };
  const shown = await perform<ShownMessage>(context, flags, { operation: "queue-show", args });
  if (flags.json) return printJson(context, shown);
  for (const line of linesOf(shown)) printText(context, line);
}

async function drop(context: Context, text: string, flags: DropFlags): Promise<void> {
  const args = { job: wholeNumber(text, "queue drop") };
  if (!flags.yes) {
    if (!context.interactive)
      throw new SottoError("USAGE", "nobody is here to confirm it", { cure: "give --yes" });
    const shown = await perform<ShownMessage>(context, flags, { operation: "queue-show", args });
    for (const line of linesOf(shown)) say(context, line);
    if (!(await confirmed(context, "Drop it?"))) throw new SottoError("NOT_CONFIRMED", "nothing was dropped");
  }
  const dropped = await perform<QueuedMessage>(context, flags, { operation: "queue-drop", args });
  if (flags.json) return printJson(context, dropped);
  say(context, `message ${dropped.job} to ${dropped.roomId} is dropped`);
}

const WORDS: Record<QueuedMessage["state"], string> = {
  accepted: "waits to be encoded",
  encoded: "waits for its upload",
  uploaded: "waits",
  encrypted: "under way", // it may have arrived
  sent: "sent",
  failed: "given up",
};

const day = (ms: number): string => new Date(ms).toISOString().slice(0, "2026-11-22T23:59".length);

function linesOf({
  job,
  state,
  acceptedMs,
  roomId,
  source,
  recording,
  eventId,
  stopped,
  error,
}: ShownMessage): string[] {
  const length = recording?.durationMs === undefined ? "" : `, ${spokenDuration(recording.durationMs)}`;
  return [
    `message    ${job}, ${WORDS[state]}`,
    `room       ${roomId}`,
    ...(source === undefined ? [] : [`from       ${source}`]),
    `accepted   ${new Date(acceptedMs).toISOString()}`,
    ...(recording ? [`recording  ${recording.name}${length}`] : []),
    ...(eventId === undefined ? [] : [`event      ${eventId}`]),
    ...(stopped === undefined ? [] : [`waits      ${stopped.message} (${stopped.code})`]),
    ...(error === undefined ? [] : [`reason     ${error.message} (${error.code})`]),
  ];
}

async function resendEvent(context: Context, eventId: string, flags: CommonOptions): Promise<void> {
  const result = await perform<Resent>(context, flags, { operation: "resend", args: { eventId } });
  if (flags.json) return printJson(context, result);
  printText(context, result.eventId);
  for (const line of namedWithheld(result.withheld)) say(context, line);
}
