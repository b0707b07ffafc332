import { Command } from "commander";
import { SottoError } from "../errors.ts";
import type { Rotated } from "../service/rotate.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { perform } from "./shared/holder.ts";
import { printJson, printText, say } from "./shared/output.ts";

export function command(context: Context): Command {
  return new Command("rotate")
    .description("give the next message in a room a new key")
    .argument("[room]", "room ID or alias")
    .option("--all", "every encrypted room the account is in")
    .action((room: string | undefined, flags: CommonOptions & { all?: true }) =>
      rotate(context, room, flags),
    );
}

async function rotate(
  context: Context,
  room: string | undefined,
  flags: CommonOptions & { all?: true },
): Promise<void> {
  if ((room === undefined) !== (flags.all === true)) {
    throw new SottoError("USAGE", "rotate takes a room or --all", { cure: "give one of the two" });
  }
  const args = room === undefined ? {} : { room };
  const result = await perform<Rotated>(context, flags, { operation: "rotate", args });
  if (flags.json) return printJson(context, result);
  for (const roomId of result.rooms) printText(context, roomId);
  say(context, `the next message has a new key (rooms: ${result.rooms.length})`);
}
