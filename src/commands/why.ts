import { Command } from "commander";
import type { Why } from "../service/why.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { perform } from "./shared/holder.ts";
import { printJson, printText, say } from "./shared/output.ts";

interface WhyFlags extends CommonOptions {
  device?: string;
  user?: string;
}

export function command(context: Context): Command {
  return new Command("why")
    .description("say for each device why it can or cannot play a voice message that was sent")
    .argument("<eventId>", "what `sotto send` printed")
    .option("--device <deviceId>", "only this device")
    .option("--user <userId>", "only this user's devices")
    .action((eventId: string, flags: WhyFlags) => why(context, eventId, flags));
}

async function why(context: Context, eventId: string, flags: WhyFlags): Promise<void> {
  const only = {
    ...(flags.user === undefined ? {} : { userId: flags.user }),
    ...(flags.device === undefined ? {} : { deviceId: flags.device }),
  };
  const result = await perform<Why>(context, flags, { operation: "why", args: { eventId, ...only } });
  if (flags.json) return printJson(context, result);
  say(context, `message ${result.messageIndex} of its session in ${result.roomId}`);
  for (const { userId, deviceId, sentence } of result.devices)
    printText(context, `${[userId, deviceId].filter(Boolean).join(" ")}: ${sentence}`);
}
