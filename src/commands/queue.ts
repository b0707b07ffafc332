import { Command } from "commander";
import type { Resent } from "../service/resend.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { perform } from "./shared/holder.ts";
import { namedWithheld, printJson, printText, say } from "./shared/output.ts";

export function command(context: Context): Command {
  const resend = new Command("resend")
    .description("send a voice message again, for those who can read only what comes after it")
    .argument("<eventId>", "what `sotto send` printed")
    .action((eventId: string, _flags: unknown, own: Command) =>
      resendEvent(context, eventId, own.optsWithGlobals<CommonOptions>()),
    );
  return new Command("queue").description("what was accepted for sending").addCommand(resend);
}

async function resendEvent(context: Context, eventId: string, flags: CommonOptions): Promise<void> {
  const result = await perform<Resent>(context, flags, { operation: "resend", args: { eventId } });
  if (flags.json) return printJson(context, result);
  printText(context, result.eventId);
  for (const line of namedWithheld(result.withheld)) say(context, line);
}
