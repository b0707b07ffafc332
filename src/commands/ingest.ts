import { Command } from "commander";
import { SottoError } from "../errors.ts";
import type { Ingested } from "../service/ingest.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { perform } from "./shared/holder.ts";
import { printJson, printText, say } from "./shared/output.ts";

interface EmailFlags extends CommonOptions {
  room: string;
  announce?: true;
}

/** As large as an MTA may let it become; it is held in memory. */
const MAX_MAIL_BYTES = 64 * 1024 * 1024;

export function command(context: Context): Command {
  const ingest = new Command("ingest").description("take recordings as other programs give them");
  ingest
    .command("email")
    .description("a mail on standard input: each recording in it becomes a voice message, once")
    .requiredOption("--room <room>", "room ID, alias, or @user for the direct chat with them")
    .option("--announce", "say beside it who called, when, and the subject")
    .action((_flags: unknown, own: Command) => email(context, own.optsWithGlobals<EmailFlags>()));
  return ingest;
}

async function email(context: Context, flags: EmailFlags): Promise<void> {
  const { room, announce } = flags;
  const { readMail } = await import("../connector/index.ts");
  const recordings = await readMail(await readInput(context), room, Date.now());
  const taken: Ingested[] = [];
  const troubles: unknown[] = [];
  for (const { id, source, about, raw } of recordings) {
    const args = { room, id, about, ...(raw && { raw }), ...(announce && { announce }) };
    try {
      taken.push(await perform<Ingested>(context, flags, { operation: "ingest", args, source }));
    } catch (thrown) {
      if (context.signal.aborted) throw thrown;
      troubles.push(thrown); // one that is refused does not keep back the others
    }
  }
  if (!flags.json) for (const one of taken) tell(context, one);
  else if (taken.length > 0) printJson(context, { recordings: taken });
  if (troubles.length > 0) throw troubles[0];
}

function tell(context: Context, { eventId, roomId, isDuplicate }: Ingested): void {
  if (isDuplicate) say(context, "taken before");
  else say(context, `sent to ${roomId}`);
  if (eventId !== undefined) printText(context, eventId);
}

async function readInput({ stdin }: Context): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    size += (chunk as Buffer).length;
    if (size > MAX_MAIL_BYTES)
      throw new SottoError("AUDIO_TOO_LARGE", `the mail has more than ${MAX_MAIL_BYTES} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
