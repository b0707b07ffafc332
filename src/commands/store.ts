import { Command } from "commander";
import { SottoError } from "../errors.ts";
import type { DoubtReport } from "../service/store-doubts.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { perform } from "./shared/holder.ts";
import { printJson, say } from "./shared/output.ts";
import { ask } from "./shared/questions.ts";

export function command(context: Context): Command {
  const confirm = new Command("confirm")
    .description("say that this data directory was never copied or put back, after it was stopped in doubt")
    .action((_flags: unknown, own: Command) => confirmStore(context, own.optsWithGlobals<CommonOptions>()));
  return new Command("store").description("the data directory of this device").addCommand(confirm);
}

async function confirmStore(context: Context, flags: CommonOptions): Promise<void> {
  if (!context.interactive) {
    throw new SottoError("USAGE", "a store is confirmed only by a person at a terminal", {
      cure: "run it where you can read what is in doubt, and type the device's name",
    });
  }
  const doubts = await perform<DoubtReport>(context, flags, { operation: "store-doubts", args: {} });
  if (!doubts.recordMissing && doubts.events.length === 0)
    return end(context, flags, doubts, "nothing is in doubt");
  for (const line of inDoubt(doubts)) say(context, line);
  const deviceId = await ask(context, `Type ${doubts.deviceId} if it never was: `);
  if (deviceId !== doubts.deviceId)
    throw new SottoError("NOT_CONFIRMED", "the device's name was not typed", { cure: "nothing was changed" });
  const confirmed = await perform<DoubtReport>(context, flags, {
    operation: "store-confirm",
    args: { deviceId },
  });
  end(context, flags, confirmed, "this store goes on; start again what was stopped");
}

function inDoubt({ recordMissing, events, lastMessageMs }: DoubtReport): string[] {
  const last = lastMessageMs === null ? "none" : new Date(lastMessageMs).toISOString();
  return [
    ...(recordMissing
      ? ["The record of this device's last use is gone from the account's data: any client can clear it."]
      : []),
    ...events.map(
      ({ eventId, roomId }) =>
        `${eventId} in ${roomId} claims to be of this device, which knows nothing of it: a homeserver can forge that.`,
    ),
    "An old copy of this data directory would find the same. If it was ever copied, or put back from a backup or a",
    "snapshot, going on encrypts two messages with one key: then make a new device with `sotto init` instead.",
    `The last message that this store has accepted: ${last}. If the bot has sent later ones, it is an old copy.`,
  ];
}

function end(context: Context, flags: CommonOptions, report: DoubtReport, words: string): void {
  if (flags.json) printJson(context, report);
  else say(context, words);
}
