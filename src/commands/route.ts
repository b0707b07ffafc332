import { Command } from "commander";
import type { RouteAccepted } from "../service/room/accept-route.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { perform } from "./shared/holder.ts";
import { requireRoomId } from "./shared/ids.ts";
import { printJson, printText, say } from "./shared/output.ts";

export function command(context: Context): Command {
  const accept = new Command("accept")
    .description("let the routes of a room that was replaced lead to the room that replaces it")
    .argument("<room>", "the ID of the new room, once a person has looked at who is in it")
    .action((room: string, _flags: unknown, own: Command) =>
      acceptRoute(context, room, own.optsWithGlobals<CommonOptions>()),
    );
  return new Command("route").description("say where routes lead").addCommand(accept);
}

async function acceptRoute(context: Context, room: string, flags: CommonOptions): Promise<void> {
  requireRoomId(room);
  const result = await perform<RouteAccepted>(context, flags, { operation: "route-accept", args: { room } });
  if (flags.json) return printJson(context, result);
  for (const roomId of result.replaced) printText(context, roomId);
  say(context, `their routes lead to ${result.roomId} from here on (messages that waited: ${result.moved})`);
}
